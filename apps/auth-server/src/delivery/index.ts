export { tellOthers } from './tell-others.js';
