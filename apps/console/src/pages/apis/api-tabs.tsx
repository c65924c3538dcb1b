import './apis.css';
import { Tabs } from '../../elements/tabs.js';

/** The two lists of this page. */
export const ApiTabs = () => (
  <Tabs
    label="APIs and routes"
    of={[
      ['/apis', 'APIs'],
      ['/apis/routes', 'Gateway routes'],
    ]}
  />
);
