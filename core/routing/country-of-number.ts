/** Calling codes (ITU-T E.164) of one country each, by ISO 3166-1 alpha-2. Those that several share are below. */
const CODES =
  'eg20 ss211 ma212 dz213 tn216 ly218 gm220 sn221 mr222 ml223 gn224 ci225 bf226 ne227 tg228 bj229 mu230 lr231 sl232 ' +
  'gh233 ng234 td235 cf236 cm237 cv238 st239 gq240 ga241 cg242 cd243 ao244 gw245 io246 ac247 sc248 sd249 rw250 et251 ' +
  'so252 dj253 ke254 tz255 ug256 bi257 mz258 zm260 mg261 re262 zw263 na264 mw265 ls266 bw267 sz268 km269 za27 sh290 ' +
  'er291 aw297 fo298 gl299 gr30 nl31 be32 fr33 es34 gi350 pt351 lu352 ie353 is354 al355 mt356 cy357 fi358 bg359 hu36 ' +
  'lt370 lv371 ee372 md373 am374 by375 ad376 mc377 sm378 ua380 rs381 me382 xk383 hr385 si386 ba387 mk389 it39 ro40 ' +
  'ch41 cz420 sk421 li423 at43 gb44 dk45 se46 no47 pl48 de49 fk500 bz501 gt502 sv503 hn504 ni505 cr506 pa507 pm508 ' +
  'ht509 pe51 mx52 cu53 ar54 br55 cl56 co57 ve58 gp590 bo591 gy592 ec593 gf594 py595 mq596 sr597 uy598 cw599 my60 ' +
  'au61 id62 ph63 nz64 sg65 th66 tl670 nf672 bn673 nr674 pg675 to676 sb677 vu678 fj679 pw680 wf681 ck682 nu683 ws685 ' +
  'ki686 nc687 tv688 pf689 tk690 fm691 mh692 ru7 jp81 kr82 vn84 kp850 hk852 mo853 kh855 la856 cn86 bd880 tw886 tr90 ' +
  'in91 pk92 af93 lk94 mm95 mv960 lb961 jo962 sy963 iq964 kw965 sa966 ye967 om968 ps970 ae971 il972 bh973 qa974 bt975 ' +
  'mn976 np977 ir98 tj992 tm993 az994 ge995 kg996 uz998';

/** Parts of a shared code: the longest prefix wins. */
const PARTS =
  'us1 ag1268 ai1264 as1684 bb1246 bm1441 bs1242 dm1767 do1809 do1829 do1849 gd1473 gu1671 jm1658 jm1876 kn1869 ky1345 ' +
  'lc1758 mp1670 ms1664 pr1787 pr1939 sx1721 tc1649 tt1868 vc1784 vg1284 vi1340 ' +
  'ca1204 ca1226 ca1236 ca1249 ca1250 ca1257 ca1263 ca1289 ca1306 ca1343 ca1354 ca1365 ca1367 ca1368 ca1382 ca1387 ' +
  'ca1403 ca1416 ca1418 ca1428 ca1431 ca1437 ca1438 ca1450 ca1460 ca1468 ca1474 ca1506 ca1514 ca1519 ca1548 ca1579 ' +
  'ca1581 ca1584 ca1587 ca1600 ca1604 ca1613 ca1639 ca1647 ca1672 ca1683 ca1705 ca1709 ca1742 ca1753 ca1778 ca1780 ' +
  'ca1782 ca1807 ca1819 ca1825 ca1867 ca1873 ca1879 ca1902 ca1905 ca1942 ' +
  'kz76 kz77 gg441481 gg447781 gg447839 gg447911 je441534 je447509 je447700 je447797 je447829 je447937 ' +
  'im441624 im447524 im447624 im447924 va3906698 yt262269 yt262639 sj4779 ax35818 bq5993 bq5994 bq5997 eh2125288 ' +
  'cx6189164 cc6189162';

const PREFIX_MAX = 7;

const COUNTRY_BY_PREFIX: ReadonlyMap<string, string> = new Map(
  `${CODES} ${PARTS}`.split(' ').map((entry) => [entry.slice(2), entry.slice(0, 2)]),
);

/**
 * Country of an E.164 number with `+`, as ISO 3166-1 alpha-2 in lower case. Undefined for codes of no country: satellites,
 * international services, and those that nobody has.
 */
export function countryOfNumber(number: string): string | undefined {
  for (let end = PREFIX_MAX + 1; end > 1; end--) {
    const country = COUNTRY_BY_PREFIX.get(number.slice(1, end));
    if (country !== undefined) return country;
  }
  return undefined;
}

const COUNTRIES: ReadonlySet<string> = new Set(COUNTRY_BY_PREFIX.values());

/** Whether there is a country with telephone numbers of its own by this name, ISO 3166-1 alpha-2 in lower case. */
export function isCountry(name: string): boolean {
  return COUNTRIES.has(name);
}

/** The calling code that begins the number's country; a route may name it. '' when the number has none that is known. */
export function callingCodeOf(number: string): string {
  if (number.startsWith('+1')) return '1';
  if (number.startsWith('+7')) return '7';
  for (let end = 2; end <= 4; end++) {
    const code = number.slice(1, end);
    if (CALLING_CODES.has(code)) return code;
  }
  return '';
}

const CALLING_CODES: ReadonlySet<string> = new Set(CODES.split(' ').map((entry) => entry.slice(2)));
