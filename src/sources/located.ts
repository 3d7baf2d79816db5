/** Where exported services come from. Shared by every source: the located object (its type lives in the model, because pure readers of `compat` take it too). */
export {
  type Complaint,
  type FieldPath,
  fieldName,
  type LocatedObject,
  locate,
  type Position,
  problemAt,
} from '../model/located.ts';
