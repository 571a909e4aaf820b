import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REFERRAL_TRANSITIONS } from '../../sip/dialog/referral-table.ts';
import { SENT_REFERRAL_TRANSITIONS } from '../../sip/dialog/sent-referral-table.ts';
import { SESSION_TRANSITIONS } from '../../sip/dialog/session-table.ts';
import { SUBSCRIPTION_TRANSITIONS } from '../../sip/events/subscription-table.ts';
import { LIVENESS_TRANSITIONS } from '../../sip/providers/liveness.ts';
import { REGISTRATION_TRANSITIONS } from '../../sip/providers/registration-table.ts';
import { INVITE_CLIENT_TRANSITIONS } from '../../sip/transaction/invite-client.ts';
import { INVITE_SERVER_TRANSITIONS } from '../../sip/transaction/invite-server.ts';
import { NON_INVITE_CLIENT_TRANSITIONS } from '../../sip/transaction/non-invite-client.ts';
import { NON_INVITE_SERVER_TRANSITIONS } from '../../sip/transaction/non-invite-server.ts';
import type { Cell } from '../../sip/transaction/transition.ts';

/** One line for each way from a state to another: `state → next: the events that lead there`. */
function picture(table: Readonly<Record<string, Readonly<Record<string, Cell<string, string>>>>>): string {
  const lines = Object.entries(table).flatMap(([state, row]) => {
    const ways = new Map<string, string[]>();
    for (const [event, cell] of Object.entries(row)) {
      if (typeof cell === 'object' && cell.next !== state) ways.set(cell.next, [...(ways.get(cell.next) ?? []), event]);
    }
    return [...ways].map(([next, events]) => `${state.padEnd(11)} → ${next.padEnd(11)} ${events.sort().join(', ')}`);
  });
  return `${lines.join('\n')}\n`;
}

const readme = readFileSync(new URL('../../sip/README.md', import.meta.url), 'utf8');

test.each([
  ['INVITE client transaction', INVITE_CLIENT_TRANSITIONS],
  ['Non-INVITE client transaction', NON_INVITE_CLIENT_TRANSITIONS],
  ['INVITE server transaction', INVITE_SERVER_TRANSITIONS],
  ['Non-INVITE server transaction', NON_INVITE_SERVER_TRANSITIONS],
  ['INVITE session', SESSION_TRANSITIONS],
  ['Subscription', SUBSCRIPTION_TRANSITIONS],
  ['Referral', REFERRAL_TRANSITIONS],
  ['REFER of ours', SENT_REFERRAL_TRANSITIONS],
  ['Registration at a provider', REGISTRATION_TRANSITIONS],
  ['Liveness of a provider', LIVENESS_TRANSITIONS],
])('the README shows the %s as its table has it', (name, table) => {
  expect(readme).toContain(`${name}:\n\n\`\`\`\n${picture(table)}\`\`\`\n`);
});
