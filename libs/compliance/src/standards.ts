import type { Standard } from './control.js';

/** The documents whose controls are in the catalogue, in the order of the report. */
export const standards: readonly Standard[] = [
  {
    id: 'pci-dss',
    title: 'PCI DSS 4.0.1',
    note: 'It applies to applications through which people reach cardholder data; give those a policy that is based on the profile pci-dss.',
    source: {
      url: 'https://www.pcisecuritystandards.org/document_library/',
      compared_on: '2026-11-27',
      compared_with:
        'public quotations of each requirement (withpci.com, and learn.daydream.ai for 10.3.4). The document itself is handed out by the council against its licence; compare its text before you rely on a word.',
    },
  },
  {
    id: 'nist-800-63b',
    title: 'NIST SP 800-63B-4',
    note: 'Each assurance level has its own timeouts. A value that fits AAL3 also fits AAL2 and AAL1; nobody needs all three.',
    source: {
      url: 'https://pages.nist.gov/800-63-4/sp800-63b.html',
      compared_on: '2026-11-27',
      compared_with:
        'the second public draft in the repository of NIST, for 2.1 to 2.3 and 5.2, and public quotations of the final edition, for the timeouts, 3.1.1.2 and 3.2.2.',
    },
  },
  {
    id: 'asvs',
    title: 'OWASP ASVS 5.0',
    note: 'ASVS leaves most numbers to the documented decision of the application; the policies, with their revisions and authors, are that document.',
    source: {
      url: 'https://github.com/OWASP/ASVS/tree/v5.0.0/5.0/en',
      compared_on: '2026-11-27',
      compared_with: 'chapters 7 and 10 in the repository of OWASP, word by word.',
    },
  },
  {
    id: 'fapi2',
    title: 'FAPI 2.0 Security Profile',
    note: 'It applies to confidential clients of financial interfaces. The registration of each client counts beside its policy.',
    source: {
      url: 'https://openid.net/specs/fapi-security-profile-2_0-final.html',
      compared_on: '2026-11-27',
      compared_with:
        'the source text of sections 5.3.2.1 and 5.3.2.2, as a public copy has it. The numbers are those of the lists there.',
    },
  },
  {
    id: 'hipaa',
    title: 'HIPAA Security Rule, 45 CFR 164.312',
    note: 'The rule asks for an end after “a predetermined time of inactivity” and gives no number. The 15 minutes here are our choice: PCI DSS 4.0.1 §8.2.8 and NIST SP 800-63B-4 §2.3.3 use them for data of like value. Your risk analysis (45 CFR 164.308(a)(1)) may choose another time.',
    source: {
      url: 'https://www.ecfr.gov/current/title-45/section-164.312',
      compared_on: '2026-11-27',
      compared_with: 'the text of the Code of Federal Regulations, editions of 2003 and 2019.',
    },
  },
  {
    id: 'iso-27002',
    title: 'ISO/IEC 27002:2022',
    note: 'Control 8.5 names measures and no numbers; the values that you chose are shown.',
    source: {
      url: 'https://www.iso.org/standard/75652.html',
      compared_on: null,
      compared_with:
        'nothing: the document has to be bought. Take these sentences as unproven until you have compared them.',
    },
  },
  {
    id: 'gdpr',
    title: 'GDPR, Regulation (EU) 2016/679',
    note: 'Article 32 asks for measures that suit the risk. This report shows the measures; whether they suit is for you to judge and to write down.',
    source: {
      url: 'https://eur-lex.europa.eu/eli/reg/2016/679/oj',
      compared_on: '2026-11-27',
      compared_with: 'the wording of Art. 5(1)(e) and 32, and public summaries of Art. 15 and 17.',
    },
  },
];

/** The table of docs/compliance.md that says where each document is and how far the catalogue was compared with it. */
export const comparedTable = (): readonly [readonly string[], readonly (readonly string[])[]] => [
  ['document', 'published at', 'compared on', 'with'],
  standards.map(({ title, source }) => [
    title,
    `<${source.url}>`,
    source.compared_on ?? 'not compared',
    source.compared_with,
  ]),
];
