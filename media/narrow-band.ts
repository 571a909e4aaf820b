/** The rate of telephones, and of all files, tones and recordings; a frame of it is 20 ms. */
export const NARROW_HZ = 8000;
export const NARROW_SAMPLES = NARROW_HZ / 50;
