import { type Instant, NEVER } from '../../core/kernel/time.ts';
import { integerOf, textsOf } from '../option.ts';
import { type Begin, NEXT, type Stage, type Verdict } from '../verdict.ts';

export const ECHO_DEFAULT_MS = 180_000;

export const play: Begin = (stage, option) => {
  const urls = textsOf(option, 'stream_urls').filter((url) => url !== '');
  if (urls.length === 0) return NEXT;
  const token = stage.token();
  const times = Math.max(1, integerOf(option, 'times', 1));
  stage.demand(times > 1 ? { kind: 'play', token, urls, times } : { kind: 'play', token, urls });
  return untilPlayed(stage, token, { kind: 'next', result: { outcome: 'finished' } });
};

export const beep: Begin = (stage) => beepThen(stage, () => NEXT);

/** Beeps, then goes on with what `after` begins. */
export function beepThen(stage: Stage, after: (now: Instant) => Verdict): Verdict {
  const token = stage.token();
  stage.demand({ kind: 'beep', token });
  return untilPlayed(stage, token, after);
}

function untilPlayed(stage: Stage, token: number, after: Verdict | ((now: Instant) => Verdict)): Verdict {
  return {
    kind: 'wait',
    waiting: {
      until: NEVER,
      hear(news, now) {
        if (news.kind === 'refused' && 'token' in news.demand && news.demand.token === token) {
          return { kind: 'failed', detail: news.detail };
        }
        if (news.kind !== 'played' || news.token !== token) return undefined;
        if (news.outcome === 'failed') return { kind: 'failed', detail: news.detail };
        return typeof after === 'function' ? after(now) : after;
      },
      leave: () => stage.demand({ kind: 'stopPlaying' }),
    },
  };
}

/** The caller hears itself for a while. */
export const echo: Begin = (stage, option, now) => {
  const durationMs = integerOf(option, 'duration', 0);
  stage.demand({ kind: 'echo' });
  const stop = () => stage.demand({ kind: 'stopEcho' });
  return {
    kind: 'wait',
    waiting: {
      until: now + (durationMs > 0 ? durationMs : ECHO_DEFAULT_MS),
      hear: (news) =>
        news.kind === 'refused' && news.demand.kind === 'echo' ? { kind: 'failed', detail: news.detail } : undefined,
      expire() {
        stop();
        return NEXT;
      },
      leave: stop,
    },
  };
};

export const sleep: Begin = (_, option, now) => {
  const durationMs = integerOf(option, 'duration', 0);
  if (durationMs <= 0) return NEXT;
  return { kind: 'wait', waiting: { until: now + durationMs, expire: () => NEXT } };
};
