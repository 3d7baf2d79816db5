/** Says on an interface that these addresses are its own, as a stranger would: `l2-claim.ts FACE ADDRESS…`. */
import { announcementFrames } from '../../providers/l2/kernel/frames.ts';
import { openPackets } from './l2-packets.ts';

const [face = '', ...addresses] = process.argv.slice(2);
const packets = openPackets(face);
for (const address of addresses) for (const frame of announcementFrames(address, packets.mac)) packets.send(frame);
