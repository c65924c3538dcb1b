import type { Standard } from './control.js';

/** The documents whose controls are in the catalogue, in the order of the report. */
export const standards: readonly Standard[] = [
  {
    id: 'pci-dss',
    title: 'PCI DSS 4.0.1',
    note: 'It applies to applications through which people reach cardholder data; give those a policy that is based on the profile pci-dss.',
  },
  {
    id: 'nist-800-63b',
    title: 'NIST SP 800-63B-4',
    note: 'Each assurance level has its own timeouts. A value that fits AAL3 also fits AAL2 and AAL1; nobody needs all three.',
  },
  {
    id: 'asvs',
    title: 'OWASP ASVS 5.0',
    note: 'ASVS leaves most numbers to the documented decision of the application; the policies, with their revisions and authors, are that document.',
  },
  {
    id: 'fapi2',
    title: 'FAPI 2.0 Security Profile',
    note: 'It applies to confidential clients of financial interfaces. The registration of each client counts beside its policy.',
  },
  {
    id: 'hipaa',
    title: 'HIPAA Security Rule, 45 CFR 164.312',
    note: 'The rule asks for an end after “a predetermined time of inactivity” and gives no number. The 15 minutes here are our choice: PCI DSS 4.0.1 §8.2.8 and NIST SP 800-63B-4 §2.3.3 use them for data of like value. Your risk analysis (45 CFR 164.308(a)(1)) may choose another time.',
  },
  {
    id: 'iso-27002',
    title: 'ISO/IEC 27002:2022',
    note: 'Control 8.5 names measures and no numbers; the values that you chose are shown.',
  },
  {
    id: 'gdpr',
    title: 'GDPR, Regulation (EU) 2016/679',
    note: 'Article 32 asks for measures that suit the risk. This report shows the measures; whether they suit is for you to judge and to write down.',
  },
];
