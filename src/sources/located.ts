/** Where exported services come from. Shared by every source: the located object (its type lives in the model, because pure readers of `compat` take it too). */
export { type FieldPath, fieldName, type LocatedObject, locate, type Position } from '../model/located.ts';
