// OpenBLAS, which lies beside the binding where `divgen engine install` could get it: products of matrices of any shape as
// fast as the processor multiplies, and float64 linear algebra. Without the library nothing here is exported.
#ifndef DIVGEN_OPEN_BLAS_H_
#define DIVGEN_OPEN_BLAS_H_

#include <dlfcn.h>
#include <stdlib.h>

#include <string>

#include "call.h"

namespace divgen {

/** Functions of the library, by the names and the 32-bit integers of the wheel scipy-openblas32. */
struct OpenBlas {
  // Values of CBLAS_ORDER, CBLAS_TRANSPOSE and CBLAS_UPLO in cblas.h.
  enum { kRowMajor = 101, kPlain = 111, kTransposed = 112, kLower = 122 };

  void (*setThreads)(int);
  void (*sgemm)(int order, int transposeA, int transposeB, int m, int n, int k, float alpha, const float* a, int lda,
                const float* b, int ldb, float beta, float* c, int ldc);
  void (*dgemm)(int order, int transposeA, int transposeB, int m, int n, int k, double alpha, const double* a, int lda,
                const double* b, int ldb, double beta, double* c, int ldc);
  void (*dsyrk)(int order, int part, int transpose, int n, int k, double alpha, const double* a, int lda, double beta,
                double* c, int ldc);
  void (*dsyevd)(const char* task, const char* part, const int* n, double* a, const int* lda, double* values,
                 double* work, const int* workSize, int* integers, const int* integerSize, int* info);
  void (*dpotrf)(const char* part, const int* n, double* a, const int* lda, int* info);

  /** The library, loaded at the first call; null where there is none. */
  static const OpenBlas* get() {
    static OpenBlas blas;
    static const bool isLoaded = blas.load() && (blas.setThreads(1), true);
    return isLoaded ? &blas : nullptr;
  }

 private:
  bool load() {
    Dl_info own;
    if (dladdr(reinterpret_cast<void*>(&OpenBlas::get), &own) == 0 || own.dli_fname == nullptr) return false;
    const std::string path(own.dli_fname);
    const std::string folder = path.substr(0, path.find_last_of('/') + 1) + "scipy_openblas32/lib/";
    // Its own threads would look for work for 30 milliseconds after each call, in nobody's favour.
    setenv("OPENBLAS_THREAD_TIMEOUT", "4", 0);
    void* library = nullptr;
    for (const char* name : {"libscipy_openblas.so", "libscipy_openblas.dylib"}) {
      if (library == nullptr) library = dlopen((folder + name).c_str(), RTLD_NOW | RTLD_LOCAL);
    }
    return library != nullptr && find(library, "scipy_openblas_set_num_threads", &setThreads) &&
           find(library, "scipy_cblas_sgemm", &sgemm) &&
           find(library, "scipy_cblas_dgemm", &dgemm) && find(library, "scipy_cblas_dsyrk", &dsyrk) &&
           find(library, "scipy_dsyevd_", &dsyevd) && find(library, "scipy_dpotrf_", &dpotrf);
  }

  template <typename Function>
  static bool find(void* library, const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(library, name));
    return *function != nullptr;
  }
};

/** The library, where a kernel needs it. */
static const OpenBlas& blas() {
  const OpenBlas* found = OpenBlas::get();
  if (found == nullptr) throw Failure{"there is no OpenBLAS"};
  return *found;
}

}  // namespace divgen

#endif  // DIVGEN_OPEN_BLAS_H_
