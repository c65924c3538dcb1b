/** The person of the command line's scenarios; tests act as the same one. */
export { formsOf, type Page, Person } from '../../apps/cli/src/scenario/person.js';
