import fc from 'fast-check';
import { escapeHtml, type HtmlValue, html } from './html.js';

describe('html', () => {
  it('escapes a value that would open an element', () => {
    expect(String(html`<p>${'<script>alert(1)</script>'}</p>`)).toBe(
      '<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>',
    );
  });

  it('escapes a value that would leave an attribute, whichever quote it uses', () => {
    expect(String(html`<input value="${`"><img src=x onerror='a' \``}">`)).toBe(
      '<input value="&quot;&gt;&lt;img src=x onerror=&#39;a&#39; &#96;">',
    );
  });

  it('escapes once when templates are nested', () => {
    expect(String(html`<ul>${['a', 'b & c'].map((item) => html`<li>${item}</li>`)}</ul>`)).toBe(
      '<ul><li>a</li><li>b &amp; c</li></ul>',
    );
  });

  it('prints nothing for what is absent and prints zero', () => {
    expect(String(html`[${null}${undefined}${false}${0}]`)).toBe('[0]');
  });

  it('does not take an object for markup because it looks like markup', () => {
    const lookalike = { toString: () => '<b>', markup: '<b>' } as unknown as HtmlValue;
    expect(String(html`${lookalike}`)).toBe('&lt;b&gt;');
  });

  it('cannot be called with text in place of a literal', () => {
    const asFunction = html as unknown as (literals: readonly string[]) => unknown;
    expect(() => asFunction(['<script>'])).toThrow(TypeError);
  });

  it('leaves no character of any value able to change the markup around it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"'`]|&(?!(amp|lt|gt|quot|#39|#96);)/);
      }),
    );
  });
});
