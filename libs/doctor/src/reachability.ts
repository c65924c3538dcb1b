import { connect, type PeerCertificate } from 'node:tls';
import { wallClock } from '@curfew/clock';
import { type Finding, fine, noted, wrong } from './finding.js';

const patience = 5_000;

/** Asks one process whether it is ready, by the address others use. */
export async function checkReady(what: string, url: string | undefined, hint: string): Promise<Finding> {
  if (!url) return noted(what, 'its address is not known');
  try {
    const answer = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(patience) });
    if (answer.ok) return fine(what, `${url} is ready`);
    return wrong(what, `${url} is not ready (status ${answer.status})`, 'look at its log');
  } catch {
    return wrong(what, `${url} cannot be reached`, hint);
  }
}

/** A gateway need not run everywhere. */
export async function checkGateway(url: string | undefined): Promise<Finding> {
  const found = await checkReady('gateway', url, 'if there should be one, start it');
  return found.state === 'wrong' ? { ...found, state: 'note' } : found;
}

/** Compares what the issuer says of itself with what it is called here (RFC 8414 §3.3). */
export async function checkMetadata(issuer: string | undefined): Promise<Finding> {
  if (!issuer)
    return wrong(
      'metadata',
      'the issuer is not known',
      'set CURFEW_ISSUER, or start the product with npm start',
    );
  try {
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(patience) });
    const metadata = (await answer.json()) as { issuer?: string };
    return metadata.issuer === issuer
      ? fine('metadata', 'the issuer calls itself what it is called here')
      : wrong(
          'metadata',
          'the issuer calls itself otherwise',
          'set CURFEW_ISSUER alike everywhere, and pass the Host header through',
        );
  } catch {
    return wrong('metadata', `no metadata at ${issuer}`, 'is it running (npm start)?');
  }
}

/** How long the certificate of a public address is still good. */
export async function checkCertificate(what: string, url: string | undefined): Promise<Finding> {
  if (!url) return noted(what, 'no address, no certificate');
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'https:') return noted(what, `${url} is without TLS, which only this machine should see`);
  const certificate = await certificateOf(hostname, Number(port || 443));
  if (!certificate)
    return wrong(what, `${url} does not speak TLS, or with a certificate that is not trusted`);
  const days = Math.floor((Date.parse(certificate.valid_to) - wallClock()) / 86_400_000);
  if (days < 0) return wrong(what, `the certificate of ${url} has expired`, 'renew it');
  return days < 21
    ? noted(what, `the certificate of ${url} is good for ${days} more days`, 'renew it')
    : fine(what, `good for ${days} days`);
}

function certificateOf(host: string, port: number): Promise<PeerCertificate | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: host, timeout: patience }, () => {
      resolve(socket.getPeerCertificate());
      socket.end();
    });
    const give = (): void => {
      resolve(undefined);
      socket.destroy();
    };
    socket.on('error', give).on('timeout', give);
  });
}
