/**
 * Registers the gradients of tfjs operations: tfjs-core alone has none ("gradient function not found for Sum").
 * tfjs-layers registers them against the one shared tfjs-core, in Node as in a bundler.
 */
import "@tensorflow/tfjs-layers";
