import type { Gateway } from '../core/directory/records.ts';
import { rfc3339 } from '../core/kernel/time.ts';
import type { ProviderNow } from '../core/provider-states.ts';

/** One line on how a provider or trunk is doing: `carrier (sip.example.com): registered until …, seen as …; healthy`. */
export function describeGateway({ name, hostname }: Pick<Gateway, 'name' | 'hostname'>, now: ProviderNow): string {
  const title = name === '' ? hostname : `${name} (${hostname})`;
  const health = now.health === 'unhealthy' ? `unhealthy: ${now.healthDetail}` : now.health;
  return `${title}: ${[registrationText(now), health].filter((text) => text !== '').join('; ')}`;
}

function registrationText({ registration }: ProviderNow): string {
  if (registration === undefined) return '';
  const { state, status, detail, seenAs, endsAt, retryAt } = registration;
  if (state === 'registered' && endsAt !== null) {
    return `registered until ${rfc3339(endsAt)}${seenAs === '' ? '' : `, seen as ${seenAs}`}`;
  }
  const answer = status === 0 ? detail : `${status} ${detail}`;
  const again = retryAt === null ? '' : `, tried again at ${rfc3339(retryAt)}`;
  return state === 'waiting' ? `not registered: ${answer}${again}` : state;
}
