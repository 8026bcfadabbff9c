/** The paper's numbers by method and metric. FID and LPIPS are of Inception and AlexNet: beside ours for their order only. */
type PaperTable = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Table 3, facades. */
export const facadesTable: PaperTable = {
  pix2pix: { "frechet-distance": 139.19, ndb: 14.4, jsd: 0.074, "pairwise-distance": 0.0003 },
  "mode-seeking": { "frechet-distance": 92.84, ndb: 12.4, jsd: 0.038, "pairwise-distance": 0.1894 },
  bicycle: { "frechet-distance": 98.85, ndb: 13.8, jsd: 0.058, "pairwise-distance": 0.1413 },
  // Appendix C.2.
  "mode-seeking-features": { "frechet-distance": 100.16, ndb: 11.8, jsd: 0.072, "pairwise-distance": 0.0565 },
};

/** Table 3, maps. */
export const mapsTable: PaperTable = {
  pix2pix: { "frechet-distance": 168.99, ndb: 49, jsd: 0.088, "pairwise-distance": 0.0016 },
  "mode-seeking": { "frechet-distance": 152.43, ndb: 41.6, jsd: 0.031, "pairwise-distance": 0.2189 },
  bicycle: { "frechet-distance": 145.78, ndb: 46.6, jsd: 0.023, "pairwise-distance": 0.115 },
};

/** Table 2, and the means over classes of Table 1. */
export const cifarTable: PaperTable = {
  dcgan: { "frechet-distance": 29.65, ndb: 47.52, jsd: 0.0321 },
  "mode-seeking": { "frechet-distance": 28.73, ndb: 43.46, jsd: 0.0296 },
};

/** Table 1: NDB and JSD by class. */
export const cifarClassTable: Readonly<Record<string, Readonly<Record<"ndb" | "jsd", readonly number[]>>>> = {
  dcgan: {
    ndb: [49.6, 53, 34.4, 46, 44.8, 50.4, 52, 54.4, 42.8, 47.8],
    jsd: [0.034, 0.035, 0.025, 0.03, 0.033, 0.033, 0.034, 0.035, 0.029, 0.032],
  },
  "mode-seeking": {
    ndb: [46.6, 51.8, 39.4, 41.8, 46.8, 33.8, 42, 47.6, 41, 43.8],
    jsd: [0.031, 0.033, 0.027, 0.027, 0.035, 0.024, 0.03, 0.033, 0.027, 0.029],
  },
};

/** Table 6: facades by the weight of the mode-seeking term. */
export const weightTable: PaperTable = {
  "0": { "frechet-distance": 134.95, "pairwise-distance": 0.0003 },
  "0.1": { "frechet-distance": 126.31, "pairwise-distance": 0.0155 },
  "0.5": { "frechet-distance": 88.41, "pairwise-distance": 0.0929 },
  "1": { "frechet-distance": 92.45, "pairwise-distance": 0.1888 },
  "3": { "frechet-distance": 338.45, "pairwise-distance": 0.1393 },
};

/** Table 8: seconds an iteration, MB, and millions of parameters, at 256 x 256. */
export const overheadTable: PaperTable = {
  pix2pix: { seconds: 0.122, memory: 1738, parameters: 58.254 },
  "mode-seeking": { seconds: 0.122, memory: 1739, parameters: 58.254 },
  bicycle: { seconds: 0.192, memory: 2083, parameters: 64.303 },
};
