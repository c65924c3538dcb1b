import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

const read = (path: string): string => readFileSync(path, 'utf8');
const units = readdirSync('deploy/systemd').map((name) => `deploy/systemd/${name}`);
const examples = [
  'deploy/envoy/envoy.yaml',
  'deploy/envoy/shop.yaml',
  'deploy/traefik/dynamic.yaml',
  'deploy/traefik/shop.yaml',
  'deploy/gateway/routes.yaml',
  'deploy/gateway/shop.yaml',
];
const identity = ['subject', 'client', 'session', 'scope', 'acr', 'auth-time'].map(
  (name) => `x-curfew-${name}`,
);

const hasSystemd = ((): boolean => {
  try {
    execFileSync('systemd-analyze', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

describe('a unit for systemd', () => {
  it.each(units)('starts what is built here, without privileges: %s', (unit) => {
    const text = read(unit);
    const [, main = ''] = /^ExecStart=\/usr\/bin\/node .*?(\S+\.js)$/m.exec(text) ?? [];
    expect(existsSync(main.replace('/dist/', '/src/').replace(/\.js$/, '.ts'))).toBe(true);
    for (const line of [
      'DynamicUser=yes',
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'ProtectSystem=strict',
    ])
      expect(text.split('\n')).toContain(line);
    const [, file = ''] = /^Documentation=file:\/\/\/opt\/curfew\/(\S+)$/m.exec(text) ?? [];
    expect(existsSync(file)).toBe(true);
  });

  (hasSystemd ? it : it.skip)('is understood by systemd itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'curfew-units-'));
    try {
      const files = units.map((unit) => {
        const file = join(folder, basename(unit));
        // The place of the program differs from machine to machine; only its presence is looked at here.
        writeFileSync(file, read(unit).replace('/usr/bin/node', process.execPath));
        return file;
      });
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
        encoding: 'utf8',
      });
      expect([status, stderr.match(/unknown|invalid|failed to parse/i)]).toEqual([0, null]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('an example for a proxy', () => {
  it.each(examples)('is good YAML without a name twice: %s', (example) => {
    for (const document of parseAllDocuments(read(example), { uniqueKeys: true }))
      expect(document.errors.map(({ message }) => message)).toEqual([]);
  });

  it.each([
    'deploy/nginx/orders.conf',
    'deploy/nginx/shop.conf',
    'deploy/haproxy/haproxy.cfg',
    'deploy/haproxy/shop.cfg',
    'deploy/caddy/Caddyfile',
    'deploy/caddy/shop.Caddyfile',
    'deploy/traefik/dynamic.yaml',
    'deploy/traefik/shop.yaml',
  ])('names every identity header, so that none of them can come from outside: %s', (example) => {
    const text = read(example).toLowerCase().replaceAll('_', '-');
    for (const name of identity) expect([name, text.includes(name)]).toEqual([name, true]);
  });

  it('brings acknowledgements to the node of their stream by the lines that the guide and the chart name', () => {
    const guide = read('docs/guides/many-nodes.md');
    const [, annotated = ''] = /```text\n(authServer:\n {2}serviceAnnotations:\n[^`]*)```/.exec(guide) ?? [];
    const { authServer } = parse(annotated);
    const sticky = read('deploy/haproxy/login.cfg')
      .match(/^ *stick.*$/gm)!
      .map((line) => line.trim());
    expect(sticky).toHaveLength(3);
    expect(authServer.serviceAnnotations).toEqual({
      'haproxy.org/backend-config-snippet': `${sticky.join('\n')}\n`,
    });
    expect(read('deploy/helm/curfew/templates/auth-server.yaml')).toMatch(
      /kind: Service\nmetadata:\n.*\n.*\n.*\n {2}\{\{- with \.Values\.authServer\.serviceAnnotations \}\}\n {2}annotations:\n {4}\{\{- toYaml \. \| nindent 4 \}\}\n {2}\{\{- end \}\}\nspec:/,
    );
    expect(parse(read('deploy/helm/curfew/values.yaml')).authServer.serviceAnnotations).toEqual({});
    const [map = ''] = /^map \$http_session_feed_node[^}]*\}$/m.exec(read('deploy/nginx/nodes.conf')) ?? [];
    expect(map).toContain('node1:3000');
    expect(guide).toContain(`\`\`\`nginx\n${map}\n\`\`\``);
  });

  it.each(readdirSync('test/fixtures/forward-auth'))('is replayed from a stated source: %s', (file) => {
    const { source } = JSON.parse(read(`test/fixtures/forward-auth/${file}`)) as { source?: string };
    expect(source).toMatch(/\S/);
  });
});
