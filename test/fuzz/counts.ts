const GIVEN = process.env['TANDEM_FUZZ_COUNT'];

/** How many whole messages have accidents. */
export const MESSAGE_COUNT = Number(GIVEN ?? 5000);

/** How many of everything else have: a tenth, when more are wanted than usual. */
export const COUNT = GIVEN === undefined ? 5000 : Math.ceil(MESSAGE_COUNT / 10);
