/** Exported services from files and directories, watched live. Knows where objects stand and how files change; what they mean is read elsewhere. */
export { type FileSourceConfig, type FileSourceOptions, openFileSource } from './open-file-source.ts';
