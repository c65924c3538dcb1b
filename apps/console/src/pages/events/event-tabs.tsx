import { Tabs } from '../../elements/tabs.js';

/** The two lists of this page. */
export const EventTabs = () => (
  <Tabs
    label="Events and transmitters"
    of={[
      ['/events', 'Events'],
      ['/events/transmitters', 'Transmitters'],
    ]}
  />
);
