// The thread that answers delegated requests with Python, and what waits for it.
// Floor: bindings.
#include "bindings/delegates.h"

#include <pthread.h>

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/fork_hooks.h"
#include "base/system_calls.h"
#include "serve/serve_limits.h"
#include "serve/stored_page.h"

namespace toolvitals {
namespace {

// Handlers whose last owner had no GIL, and so could not let go of them.
class DroppedHandlers {
 public:
  void Add(PyObject* handler) {
    const absl::MutexLock lock(&mutex_);
    handlers_.push_back(handler);
  }
  PyObject* Pop() {
    const absl::MutexLock lock(&mutex_);
    if (handlers_.empty()) return nullptr;
    PyObject* const handler = handlers_.back();
    handlers_.pop_back();
    return handler;
  }
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex_) { mutex_.Lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION(mutex_) { mutex_.Unlock(); }
  void BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS { MakeAnewInChild(mutex_); }

 private:
  absl::Mutex mutex_;
  std::vector<PyObject*> handlers_ ABSL_GUARDED_BY(mutex_);
};

// Never destroyed: a server's thread may still answer while the program ends.
DroppedHandlers& Dropped() {
  static DroppedHandlers* const dropped = new DroppedHandlers;
  return *dropped;
}

class PythonDelegate final : public Delegate, public std::enable_shared_from_this<PythonDelegate> {
 public:
  PythonDelegate(PyObject* handler, std::chrono::milliseconds deadline)
      : Delegate(deadline), handler_(Py_NewRef(handler)) {}
  ~PythonDelegate() override { Dropped().Add(handler_); }

  bool Take(DelegatedRequest request, DelegateTicket ticket) noexcept override;
  PyObject* handler() const { return handler_; }

 private:
  PyObject* const handler_;
};

struct Job {
  std::shared_ptr<PythonDelegate> delegate;
  DelegatedRequest request;
  DelegateTicket ticket;
  Response response = {};
};

// What waits for the thread, which is made with the first of it. Thread-safe, and never destroyed.
class JobQueue {
 public:
  // Called without the GIL. False where no more can wait, or no thread can be made.
  bool Add(std::unique_ptr<Job> job);
  // Waits for the next; the caller's. Called without the GIL.
  Job* Await();

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex_) { mutex_.Lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION(mutex_) { mutex_.Unlock(); }
  // What waits is the parent's, and so is the thread.
  void BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    static Jobs* buried = nullptr;
    buried = jobs_.release();
    (void)buried;
    has_thread_ = false;
    MakeAnewInChild(mutex_);
    MakeAnewInChild(changed_);
  }

 private:
  using Jobs = std::deque<std::unique_ptr<Job>>;

  absl::Mutex mutex_;
  absl::CondVar changed_ ABSL_GUARDED_BY(mutex_);
  bool has_thread_ ABSL_GUARDED_BY(mutex_) = false;
  std::unique_ptr<Jobs> jobs_ ABSL_GUARDED_BY(mutex_);
};

JobQueue& Queue() {
  static JobQueue* const queue = new JobQueue;
  return *queue;
}

// Whoever has waited in vain is not asked about any more.
void Forget(Job* job) {
  if (job == nullptr) return;
  job->ticket.Answer(std::move(job->response));
  delete job;
}

Response ResponseOf(PyObject* result) {
  int status = 0;
  const char* content_type = nullptr;
  Py_ssize_t content_type_bytes = 0, body_bytes = 0;
  const char* body = nullptr;
  if (result == nullptr || !PyTuple_Check(result) ||
      !PyArg_ParseTuple(result, "is#y#", &status, &content_type, &content_type_bytes, &body, &body_bytes)) {
    if (result != nullptr && !PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "a handler returns a tuple of three");
    return ErrorResponse(500, "the handler failed");
  }
  const std::string_view type(content_type, static_cast<size_t>(content_type_bytes));
  if (status < 200 || status > 599 || !IsFieldValue(type)) {
    PyErr_SetString(PyExc_ValueError, "a status must be 200 to 599, and a content type visible ASCII characters");
    return ErrorResponse(500, "the handler failed");
  }
  Response response;
  response.status = static_cast<unsigned>(status);
  response.content_type = type;
  response.body = std::make_shared<const std::string>(body, static_cast<size_t>(body_bytes));
  return response;
}

PyObject* TextOf(const std::string& text) {
  return PyUnicode_DecodeASCII(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogateescape");
}

// No frame from here to what the handler does may have anything to destroy: where the interpreter ends while the thread
// is in it, the thread is unwound from there without the right to touch a thing.
void CallHandler(Job* job) {
  PyObject* const handler = Py_NewRef(job->delegate->handler());
  PyObject* const arguments = Py_BuildValue("NN", TextOf(job->request.path), TextOf(job->request.query));
  PyObject* const result = arguments == nullptr ? nullptr : PyObject_CallObject(handler, arguments);
  try {
    job->response = ResponseOf(result);
  } catch (const std::bad_alloc&) {
    job->response.status = 503;
  }
  if (PyErr_Occurred()) PyErr_WriteUnraisable(handler);
  Py_XDECREF(result);
  Py_XDECREF(arguments);
  Py_DECREF(handler);
}

// The thread has one state of the interpreter for as long as it lives, so that what handlers keep for each thread, such
// as connections, is made once.
void* RunHandlers(void*) {
  NameThisThread("tv-delegates");
  (void)PyGILState_Ensure();
  for (Job* job = nullptr;;) {
    ReleaseDroppedHandlers();
    PyThreadState* const own = PyEval_SaveThread();
    Forget(job);
    job = Queue().Await();
    PyEval_RestoreThread(own);
    CallHandler(job);
  }
}

bool Spawn() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool made = pthread_create(&thread, &attributes, &RunHandlers, nullptr) == 0;
  pthread_attr_destroy(&attributes);
  return made;
}

bool JobQueue::Add(std::unique_ptr<Job> job) {
  Jobs forgotten;  // destroyed with no lock held
  const absl::MutexLock lock(&mutex_);
  if (jobs_ == nullptr) jobs_ = std::make_unique<Jobs>();
  // Whoever has waited in vain makes room.
  for (size_t count = jobs_->size(); count > 0; --count) {
    std::unique_ptr<Job> first = std::move(jobs_->front());
    jobs_->pop_front();
    (first->ticket.is_awaited() ? *jobs_ : forgotten).push_back(std::move(first));
  }
  if (jobs_->size() >= kMaxDelegated) return false;
  if (!has_thread_) has_thread_ = Spawn();
  if (!has_thread_) return false;
  jobs_->push_back(std::move(job));
  changed_.Signal();
  return true;
}

Job* JobQueue::Await() {
  const absl::MutexLock lock(&mutex_);
  while (jobs_ == nullptr || jobs_->empty()) changed_.Wait(&mutex_);
  Job* const job = jobs_->front().release();
  jobs_->pop_front();
  return job;
}

bool PythonDelegate::Take(DelegatedRequest request, DelegateTicket ticket) noexcept {
  try {
    return Queue().Add(std::make_unique<Job>(shared_from_this(), std::move(request), std::move(ticket)));
  } catch (...) {
    return false;  // memory is short
  }
}

void LockForFork() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Queue().Lock();
  Dropped().Lock();
}
void UnlockInParent() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Dropped().Unlock();
  Queue().Unlock();
}
void BeginAfreshInChild() {
  Dropped().BeginAfreshInChild();
  Queue().BeginAfreshInChild();
}

}  // namespace

std::shared_ptr<Delegate> MakePythonDelegate(PyObject* handler, std::chrono::milliseconds deadline) {
  return std::make_shared<PythonDelegate>(handler, deadline);
}

void ReleaseDroppedHandlers() {
  while (PyObject* const handler = Dropped().Pop()) Py_DECREF(handler);
}

absl::Status PrepareDelegates() {
  static constexpr ForkHook kHook = {&LockForFork, &UnlockInParent, &BeginAfreshInChild};
  Queue();
  Dropped();
  return SetForkHook(ForkPlace::kDelegates, &kHook);
}

}  // namespace toolvitals
