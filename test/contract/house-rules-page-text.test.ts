import ts from 'typescript';
import { filesBelow, isProduct, nodesIn, placeOf, syntaxOf } from '../support/sources.js';

const product = filesBelow('.').filter(isProduct);
const messages = product.filter((path) => /^libs\/pages\/src\/messages\/en\/[\w-]+\.ts$/.test(path));
/** Every file that draws pages for people. */
const templates = product.filter(
  (path) =>
    /^(apps\/auth-server\/src\/(pages|interactions)|apps\/gateway\/src\/browser|libs\/pages\/src)\//.test(
      path,
    ) && !/\/messages\/(en|de)\//.test(path),
);

const isMarkup = (node: ts.Node): node is ts.TaggedTemplateExpression =>
  ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'html';

/** The literal parts of a template, with a mark where a value stands. */
const literalOf = ({ template }: ts.TaggedTemplateExpression): string =>
  ts.isNoSubstitutionTemplateLiteral(template)
    ? template.text
    : [template.head.text, ...template.templateSpans.map(({ literal }) => literal.text)].join('\0');

/** Attributes that people read or hear. */
const spoken = /\b(?:aria-label|aria-roledescription|alt|title|placeholder)="([^"]*)"/g;

/** A template that is only attributes of a tag, for a value inside one. */
const isInsideTag = (markup: string): boolean =>
  /^(?: (?:[a-z-]+="[^"<>]*"|autofocus|checked|disabled|open))+$/.test(markup.replaceAll('\0', ''));

/** The words of a template that a person reads: between its tags, and in attributes that are spoken. The name of the product is one everywhere. */
function ownWords(template: ts.TaggedTemplateExpression): string {
  const markup = literalOf(template);
  const text = isInsideTag(markup)
    ? ''
    : markup.replace(/<script>.*?<\/script>/gs, '').replace(/<[^>]*>/g, ' ');
  const attributes = [...markup.matchAll(spoken)].map(([, words]) => words);
  return [text, ...attributes]
    .join(' ')
    .replaceAll('Curfew', '')
    .replace(/[^\p{L}]+/gu, ' ')
    .trim();
}

it('finds the words of a template, so that the next test can fail', () => {
  const found = (source: string) => {
    const file = ts.createSourceFile('x.ts', source, ts.ScriptTarget.ES2022, true);
    const words: string[] = [];
    const visit = (node: ts.Node): void => {
      if (isMarkup(node)) words.push(ownWords(node));
      ts.forEachChild(node, visit);
    };
    visit(file);
    return words.join('|');
  };
  const value = '$' + '{x}';
  expect(found(`html\`<p class="quiet">Sign ${value} in</p>\``)).toBe('Sign in');
  expect(found(`html\`<img alt="A key" src="${value}"><p title="${value}">${value}</p>\``)).toBe('A key');
  expect(found('html`<b>$' + '{x && html` <i>soon</i>`}</b>`')).toBe('|soon');
  expect(found('html` class="x" autofocus`')).toBe('');
  expect(found('html` title="Soon"`')).toBe('Soon');
});

it('leaves every sentence of a page to the message files', () => {
  const withWords = nodesIn(templates, (node) => isMarkup(node) && ownWords(node) !== '');
  expect(withWords.map(placeOf)).toEqual([]);
});

it('leaves no sentence in a plain string of a file that draws pages', () => {
  const isSentence = (node: ts.Node): boolean =>
    ts.isStringLiteralLike(node) &&
    /^[A-ZÄÖÜ][\p{L}’]*(?: [\p{L}’]+)+[.?!]?$/u.test(node.text) &&
    !ts.isImportDeclaration(node.parent);
  const pages = templates.filter((path) => /-pages?\.ts$|\/layout\.ts$|\/code-field\.ts$/.test(path));
  expect(nodesIn(pages, isSentence).map(placeOf)).toEqual([]);
});

it('says every sentence of the message files somewhere', () => {
  const said = new Set(
    nodesIn(templates, ts.isStringLiteralLike).map((node) => (node as ts.StringLiteral).text),
  );
  // `problem.${code}`: the names that follow are those of the code.
  const computed = new Set(
    nodesIn(templates, ts.isTemplateHead).map((node) => (node as ts.TemplateHead).text),
  );
  const keys = messages.flatMap((path) =>
    nodesIn([path], ts.isPropertyAssignment).map((node) => {
      const { name } = node as ts.PropertyAssignment;
      return ts.isStringLiteral(name) ? name.text : name.getText(syntaxOf(path));
    }),
  );
  const isSaid = (key: string) =>
    said.has(key) || said.has(key.replace(/\.(one|other)$/, '')) || computed.has(`${key.split('.')[0]}.`);
  expect(keys.length).toBeGreaterThan(200);
  expect(keys.filter((key) => !isSaid(key))).toEqual([]);
});
