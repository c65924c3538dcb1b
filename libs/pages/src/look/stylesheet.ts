import { createHash } from 'node:crypto';
import { customProperties, day, night } from './palette.js';

/** The one stylesheet of all pages. No web fonts, no images: nothing is fetched that the page does not need. */
export const stylesheet = `:root{color-scheme:light dark;${customProperties(day)}}
@media (prefers-color-scheme:dark){:root{${customProperties(night)}}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100svh;display:flex;flex-direction:column;background:var(--canvas);color:var(--ink);
  font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Cantarell,"DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1,h2,h3,p,ul,dl,dd,fieldset{margin:0;padding:0}
h1{font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
h2{font-size:1.0625rem;line-height:1.35;font-weight:650}
h3,h4{margin:0;font-size:1rem;font-weight:600}
ul{list-style:none}
a{color:var(--accent);text-underline-offset:.2em}
a:hover{text-decoration-thickness:2px}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
:focus{outline:none}
:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
main:focus-visible{outline:none}
.skip{position:absolute;inset-inline-start:1rem;inset-block-start:-6rem;padding:.625rem 1rem;border-radius:.5rem;background:var(--surface);z-index:1}
.skip:focus{inset-block-start:1rem}
.brand{display:flex;align-items:center;gap:1rem;padding:1.5rem 1.25rem 0;margin-inline:auto;width:100%;max-width:28.5rem}
.wide .brand{max-width:48.5rem;justify-content:space-between;flex-wrap:wrap}
.brand .name{display:inline-flex;align-items:center;gap:.5rem;color:var(--ink);font-weight:650;text-decoration:none;border-radius:.375rem}
.brand svg{width:1.625rem;height:1.625rem;color:var(--accent)}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem}
nav a{display:inline-block;padding:.375rem 0;border-radius:.25rem}
nav a[aria-current]{color:var(--ink);font-weight:600;text-decoration:none}
html:not(.wide) body{padding-block-start:min(8vh,5rem)}
main{width:100%;max-width:28.5rem;margin:0 auto auto;padding:1.25rem 1.25rem 2rem}
.wide main{max-width:48.5rem}
.card{background:var(--surface);border:1px solid var(--hairline);border-radius:1rem;padding:1.75rem;box-shadow:0 1px 2px rgb(10 10 40/.05),0 12px 32px -16px rgb(10 10 40/.18)}
.card+.card{margin-block-start:1rem}
.stack>*+*{margin-block-start:1.25rem}
.stack>input[type=hidden]:first-child+*{margin-block-start:0}
p+.entries{margin-block-start:1rem}
.tight>*+*{margin-block-start:.375rem}
.lead,.quiet{color:var(--quiet)}
.quiet{font-size:.9375rem}
.small{font-size:.875rem}
footer{width:100%;max-width:28.5rem;margin:0 auto;padding:0 1.25rem 1.5rem;color:var(--quiet);font-size:.875rem}
.wide footer{max-width:48.5rem}
fieldset{border:0;min-width:0}
label,legend{display:block;font-weight:600;padding:0}
.field>*+*{margin-block-start:.375rem}
.hint,.problem{font-size:.875rem}
.hint{color:var(--quiet)}
.problem{color:var(--danger);font-weight:600}
input:not([type=checkbox],[type=radio]){display:block;width:100%;min-height:3rem;padding:.625rem .875rem;border:1px solid var(--line);border-radius:.625rem;
  background:var(--surface);color:var(--ink);font:inherit;font-size:1rem}
input:not([type=checkbox],[type=radio]):hover{border-color:var(--ink)}
input:not([type=checkbox],[type=radio]):focus-visible{outline-offset:0;border-color:var(--accent)}
input[aria-invalid=true]{border-color:var(--danger);border-width:2px}
input[readonly]{background:var(--canvas)}
input.code{font:600 1.5rem/1.2 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;letter-spacing:.12em;text-align:center;text-transform:uppercase;min-height:3.75rem}
.check{display:grid;grid-template-columns:auto 1fr;gap:.75rem;align-items:start;font-weight:400;cursor:pointer;padding-block:.25rem}
.check input{width:1.25rem;height:1.25rem;margin:.125rem 0 0;accent-color:var(--accent)}
button,.button{display:inline-flex;align-items:center;justify-content:center;min-height:3rem;padding:.625rem 1.25rem;border:1px solid transparent;border-radius:.625rem;
  background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer;transition:background-color .12s}
[hidden]{display:none!important}
.entries{list-style:none;padding:0;margin:0}
button:hover,.button:hover{background:var(--accent-hover)}
[hidden]{display:none!important}
.secret{position:relative}
.secret:has(.reveal:not([hidden])) input{padding-inline-end:10.5rem}
.reveal{position:absolute;inset-block:.375rem;inset-inline-end:.375rem;min-height:0;padding:0 .75rem;background:transparent;color:var(--accent);font-size:.875rem}
.reveal:hover{background:var(--canvas)}
.reveal[aria-pressed=true]{text-decoration:underline;text-underline-offset:.2em}
button.plain{background:transparent;border-color:var(--line);color:var(--ink)}
button.plain:hover{background:var(--canvas);border-color:var(--ink)}
button.ending{background:transparent;border-color:var(--danger);color:var(--danger)}
button.ending:hover{background:var(--danger-surface)}
button.compact{min-height:2.5rem;padding:.375rem .875rem;font-size:.9375rem}
.actions{display:flex;flex-wrap:wrap;gap:.75rem}
.actions>*{flex:1 1 9rem;min-width:fit-content}
.full{display:flex;width:100%}
.notice{padding:.875rem 1rem;border-radius:.625rem;border-inline-start:4px solid}
.notice.bad{background:var(--danger-surface);border-color:var(--danger)}
.notice.good{background:var(--success-surface);border-color:var(--success)}
.scopes>li{display:grid;grid-template-columns:1.25rem 1fr;gap:.625rem;padding-block:.4375rem}
.scopes svg{width:1.125rem;height:1.125rem;margin-block-start:.1875rem;color:var(--success)}
.group{border-block-start:1px solid var(--hairline);padding-block-start:1rem}
.session .group{margin-block-start:1rem}
.usercode{display:block;padding:1rem;border:1px dashed var(--line);border-radius:.625rem;text-align:center;font-weight:600;font-size:1.625rem;letter-spacing:.12em}
.facts{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1.25rem;font-size:.9375rem}
.facts dt{color:var(--quiet)}
.facts dd{min-width:0}
.session{display:grid;grid-template-columns:1fr minmax(auto,14rem);gap:1rem;align-items:start}
.session>form{justify-self:end}
.facts+.quiet{margin-block-start:.75rem}
.session header{display:flex;flex-wrap:wrap;align-items:center;gap:.375rem .625rem;margin-block-end:.5rem}
.badge{display:inline-block;padding:.0625rem .5625rem;border-radius:1rem;background:var(--success-surface);color:var(--success);font-size:.8125rem;font-weight:600}
.logo{display:block;width:auto;height:3.5rem;max-width:100%;padding:.25rem;border:1px solid var(--hairline);border-radius:.625rem;background:#fff;object-fit:contain}
.brand .logo{height:2.5rem}
.places>h2{display:flex;flex-wrap:wrap;align-items:baseline;gap:.125rem .75rem;margin-block-end:.75rem}
.places>h2 span{font-weight:400}
.places .card{padding:1rem 1.25rem;border-radius:.75rem;box-shadow:none}
.places .stack>*+*{margin-block-start:.625rem}
.places summary{width:fit-content;padding-block:.25rem;color:var(--accent);cursor:pointer;font-size:.9375rem}
.places .facts{font-size:.875rem}
@media (min-width:40rem){.places .card>div>.facts{grid-template-columns:auto 1fr auto 1fr}}
.heading{display:flex;flex-wrap:wrap;align-items:end;justify-content:space-between;gap:1rem;margin-block-end:1.25rem}
.heading>.tight{flex:1 1 18rem}
.mark{display:block;width:3rem;height:3rem;color:var(--accent)}
.mark.good{color:var(--success)}
.mark.bad{color:var(--danger)}
.steps{padding-inline-start:1.25rem;margin:0}
.qr{max-width:15rem;margin-block:.75rem;padding:0;border-radius:.625rem;overflow:hidden;border:1px solid var(--hairline)}
.qr svg{display:block;width:100%;height:auto}
.key{overflow-wrap:anywhere}
.codes{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.5rem 1rem;padding:0}
.codes code{font-size:1rem}
.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:30rem){.secret .reveal{position:static;min-height:2.5rem}.secret:has(.reveal:not([hidden])) input{padding-inline-end:.875rem}.card{padding:1.25rem;border-radius:.875rem}.session{grid-template-columns:1fr}.session>form{justify-self:stretch}.session button{width:100%}.facts{gap:.375rem .75rem}}
@media (prefers-reduced-motion:reduce){*,*::before,*::after{transition:none!important;animation:none!important;scroll-behavior:auto!important}}
@media (forced-colors:active){button,.button,.card,.badge,.notice{border:1px solid}}
@media print{.skip,nav,form{display:none}}
`;

/** SHA-256 of the stylesheet in its name, so that it can be cached for ever and changes its address when it changes. */
export const stylesheetPath = `/assets/curfew-${createHash('sha256').update(stylesheet).digest('hex').slice(0, 16)}.css`;
