/** The public API for provider authors: the model, and parsers for text from outside. Nothing of how weir runs is exported here. */
export * from './model/index.ts';
export * from './net/index.ts';
