export {
  type CascadedRefinementOptions,
  createCascadedRefinement,
  moduleHeights,
  releasedWidth,
} from "./cascaded-refinement.ts";
