import { Tabs } from '../../elements/tabs.js';

/** The two lists of this page. */
export const PeopleTabs = () => (
  <Tabs
    label="People and identity providers"
    of={[
      ['/people', 'People'],
      ['/people/identity-providers', 'Identity providers'],
    ]}
  />
);
