// Threads that share out the pieces of one call.
#ifndef DIVGEN_WORKER_POOL_H_
#define DIVGEN_WORKER_POOL_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "subnormals.h"

namespace divgen {

/**
 * Helpers take pieces as they get to run, and the caller takes pieces as well: one that the system does not let run costs
 * nothing but its help. (A library that divides work beforehand waits for its slowest thread, which on a busy machine
 * takes several times as long as one thread alone.) Idle helpers look for the next call for a while, as a training step
 * makes them in bursts and to wake a thread takes as long as a small product, then sleep.
 */
class WorkerPool {
 public:
  static WorkerPool& get() {
    // Never destroyed: its threads may outlive what the end of a process takes down.
    static WorkerPool* pool = new WorkerPool();
    return *pool;
  }

  /** Threads that work, the caller's own included. */
  int threads() const { return wanted_; }
  void setThreads(int count) { wanted_ = std::max(1, count); }

  /** Calls work(piece) for each piece, in any order and at the same time. It must not throw. */
  void run(int64_t pieces, const std::function<void(int64_t)>& work) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (wanted_ == 1 || pieces < 2 || !turn.owns_lock()) {
      for (int64_t piece = 0; piece < pieces; piece++) work(piece);
      return;
    }
    const auto job = std::make_shared<Job>(work, pieces);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      for (; started_ < wanted_ - 1; started_++) std::thread(&WorkerPool::help, this, started_).detach();
      job_ = job;
      posted_.fetch_add(1, std::memory_order_release);
    }
    if (pieces == 2 || wanted_ == 2) {
      wake_.notify_one();
    } else {
      wake_.notify_all();
    }
    job->takePieces();
    // What is left is in the hands of helpers, each of which ends its piece at about this time.
    for (int64_t turns = 0; job->done.load(std::memory_order_acquire) < pieces; turns++) {
      if (turns > 10000) std::this_thread::yield();
    }
    std::lock_guard<std::mutex> lock(mutex_);
    job_ = nullptr;
  }

 private:
  struct Job {
    Job(const std::function<void(int64_t)>& work, int64_t count) : work(work), count(count) {}
    const std::function<void(int64_t)>& work;
    const int64_t count;
    /** The caller's, so that a piece has the same bits whoever computes it. */
    const uint64_t settings = floatSettings();
    std::atomic<int64_t> next{0};
    std::atomic<int64_t> done{0};

    bool isTaken() const { return next.load(std::memory_order_relaxed) >= count; }
    void takePieces() {
      // `work` belongs to the caller, who waits for every piece that somebody has taken.
      for (int64_t piece; (piece = next.fetch_add(1)) < count;) {
        work(piece);
        done.fetch_add(1, std::memory_order_release);
      }
    }
  };

  WorkerPool() = default;

  void help(int number) {
    uint64_t seen = 0;
    for (;;) {
      lookFor(seen);
      std::shared_ptr<Job> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return job_ != nullptr && !job_->isTaken() && number < wanted_ - 1; });
        job = job_;
        seen = posted_.load(std::memory_order_relaxed);
      }
      setFloatSettings(job->settings);
      job->takePieces();
    }
  }

  /** Returns when there is a call after this one, or after a while. */
  void lookFor(uint64_t seen) const {
    constexpr std::chrono::microseconds kPatience(200);
    const auto start = std::chrono::steady_clock::now();
    while (posted_.load(std::memory_order_acquire) == seen) {
      for (int turn = 0; turn < 20; turn++) relax();
      if (std::chrono::steady_clock::now() - start > kPatience) return;
    }
  }

  /** Leaves the processor's resources to the other thread of a core for a moment. */
  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) && defined(__GNUC__)
    __asm__ volatile("yield");
#endif
  }

  std::atomic<int> wanted_{1};
  std::atomic<uint64_t> posted_{0};
  int started_ = 0;
  std::mutex turn_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<Job> job_;
};

/** Calls work(start, size) for parts of a range, on several threads where it is longer than `part`. */
template <typename Work>
static void shareOut(int64_t count, int64_t part, const Work& work) {
  WorkerPool::get().run((count + part - 1) / part, [&](int64_t piece) {
    const int64_t start = piece * part;
    work(start, std::min(part, count - start));
  });
}

}  // namespace divgen

#endif  // DIVGEN_WORKER_POOL_H_
