import Type from 'typebox';
import type { MediaFigures } from '../../core/calls/media-figures.ts';
import type { Presented } from './values.ts';

const Count = Type.Integer({ minimum: 0 });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const Milliseconds = Type.Number({ minimum: 0 });
const Score = Type.Unsafe<number | null>({ type: ['number', 'null'], description: 'MOS, 1 to 4.5, by the E-model' });
const Unknown = Type.Unsafe<number | null>({ type: ['number', 'null'], description: 'null while unknown' });

/** What `presentMedia` makes. */
export const MediaShape = Type.Union([
  Type.Null(),
  Type.Object({
    codec: Type.String(),
    rtt_ms: Unknown,
    rtt_ms_max: Unknown,
    received: Type.Object({
      packets: Count,
      octets: Count,
      lost: Count,
      loss_share: Share,
      duplicates: Count,
      reordered: Count,
      jitter_ms: Milliseconds,
      mos: Score,
      bursts: Type.Object({
        count: Count,
        loss_share: Share,
        duration_ms: Milliseconds,
        gap_loss_share: Share,
        gap_duration_ms: Milliseconds,
      }),
    }),
    sent: Type.Object({
      packets: Count,
      octets: Count,
      reported: Type.Union([
        Type.Null(),
        Type.Object({ count: Count, lost: Count, loss_share: Share, jitter_ms: Milliseconds, mos: Score }),
      ]),
    }),
    buffer: Type.Union([
      Type.Null(),
      Type.Object({
        delay_ms: Milliseconds,
        taken: Count,
        late: Count,
        lost: Count,
        dropped: Count,
        concealed: Count,
        stretched: Count,
        shortened: Count,
      }),
    ]),
  }),
]);

/** Ours: the reference tells nothing of the kind with a call. */
export function presentMedia(media: MediaFigures | null): Presented | null {
  if (media === null) return null;
  const { received, sent, buffer } = media;
  const { bursts } = received;
  return {
    codec: media.codec,
    rtt_ms: media.roundTripMs,
    rtt_ms_max: media.roundTripMsMax,
    received: {
      packets: received.packets,
      octets: received.octets,
      lost: received.lost,
      loss_share: received.lossShare,
      duplicates: received.duplicates,
      reordered: received.reordered,
      jitter_ms: received.jitterMs,
      mos: received.mos,
      bursts: {
        count: bursts.count,
        loss_share: bursts.lossShare,
        duration_ms: bursts.durationMs,
        gap_loss_share: bursts.gapLossShare,
        gap_duration_ms: bursts.gapDurationMs,
      },
    },
    sent: { packets: sent.packets, octets: sent.octets, reported: presentReported(sent.reported) },
    buffer: buffer && {
      delay_ms: buffer.delayMs,
      taken: buffer.taken,
      late: buffer.late,
      lost: buffer.lost,
      dropped: buffer.dropped,
      concealed: buffer.concealed,
      stretched: buffer.stretched,
      shortened: buffer.shortened,
    },
  };
}

function presentReported(reported: MediaFigures['sent']['reported']): Presented | null {
  return (
    reported && {
      count: reported.count,
      lost: reported.lost,
      loss_share: reported.lossShare,
      jitter_ms: reported.jitterMs,
      mos: reported.mos,
    }
  );
}
