// What the processor does with the smallest of numbers.
#ifndef DIVGEN_SUBNORMALS_H_
#define DIVGEN_SUBNORMALS_H_

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace divgen {

/** The floating-point settings of a thread: 0 where the processor is of an unknown kind, on which they stay as they are. */
static uint64_t floatSettings() {
#if defined(__x86_64__)
  return _mm_getcsr();
#elif defined(__aarch64__) && defined(__GNUC__)
  uint64_t settings;
  __asm__ volatile("mrs %0, fpcr" : "=r"(settings));
  return settings;
#else
  return 0;
#endif
}

static void setFloatSettings(uint64_t settings) {
#if defined(__x86_64__)
  _mm_setcsr(static_cast<unsigned>(settings));
#elif defined(__aarch64__) && defined(__GNUC__)
  __asm__ volatile("msr fpcr, %0" ::"r"(settings));
#else
  (void)settings;
#endif
}

/**
 * Takes numbers below the normal range (1e-38 in float32) for 0 while it lives, as TensorFlow does: processors compute with
 * them some hundred times slower, and the moments of a weight without gradients fall among them within a few hundred steps.
 */
class SubnormalsAsZero {
 public:
  SubnormalsAsZero() : before_(floatSettings()) { setFloatSettings(before_ | kFlush); }
  ~SubnormalsAsZero() { setFloatSettings(before_); }
  SubnormalsAsZero(const SubnormalsAsZero&) = delete;

 private:
#if defined(__aarch64__)
  static constexpr uint64_t kFlush = 1 << 24;
#else
  static constexpr uint64_t kFlush = 0x8040;  // results, arguments
#endif
  const uint64_t before_;
};

}  // namespace divgen

#endif  // DIVGEN_SUBNORMALS_H_
