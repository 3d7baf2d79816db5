/** Objects of Tencent's bk-bcs as exported services: ExportService JSON of both versions, and Mesos services with their task groups. Pure readers. */

export { type BcsOptions, type BcsResult, readBcs } from './read.ts';
export { isBcsObject, standsAlone } from './recognise.ts';
