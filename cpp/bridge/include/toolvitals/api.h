// What other native code of the process shares with toolvitals: families in, families out.
// Floor: bridge. Plain C, so that it holds across compilers, standard libraries and versions of prometheus-cpp, whose
// Collectable toolvitals/prometheus_cpp.h puts on it.
//
// An extension module of Python gets the table while it holds the GIL:
//
//   const toolvitals_api* api = (const toolvitals_api*)PyCapsule_Import("toolvitals._core._api", 0);
//
// The table lives as long as the process. Its functions are thread-safe, never take the GIL and throw nothing. Whoever
// holds the GIL releases it around calls of remove_source() and collect(), which may wait for a source.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A change of what is here gives a new number; additions at the end of toolvitals_api do not. */
#define TOOLVITALS_API_VERSION 1
#define TOOLVITALS_API_CAPSULE "toolvitals._core._api"

/* UTF-8, not ended by a zero byte. */
typedef struct toolvitals_text {
  const char* data;
  size_t size;
} toolvitals_text;

typedef struct toolvitals_label {
  toolvitals_text name;
  toolvitals_text value;
} toolvitals_label;

typedef enum toolvitals_type {
  TOOLVITALS_COUNTER = 0,
  TOOLVITALS_GAUGE = 1,
  TOOLVITALS_SUMMARY = 2,
  TOOLVITALS_UNTYPED = 3,
  TOOLVITALS_HISTOGRAM = 4
} toolvitals_type;

/* One series of a family, named as in the Prometheus text format 0.0.4. What its type does not use is not looked at. */
typedef struct toolvitals_series {
  const toolvitals_label* labels;
  size_t label_count;
  int64_t timestamp_ms; /* Unix time in milliseconds; zero where the scrape's time holds */

  double value; /* of a counter, a gauge, an untyped one */

  uint64_t count; /* of a histogram or a summary */
  double sum;     /* NaN where there is none */

  /* Of a histogram: ascending upper bounds, with or without infinity, and how many observations each has, those of the
   * lower ones included. */
  const double* bounds;
  const uint64_t* cumulative_counts;
  size_t bucket_count;

  /* Of a summary: quantiles from 0 to 1, and their values. */
  const double* quantiles;
  const double* quantile_values;
  size_t quantile_count;
} toolvitals_series;

/* Who is told of families: of each one first, then of its series. Nothing that it is given is there afterwards. Either
 * function returns zero to go on; anything else ends the visit. */
typedef struct toolvitals_visitor {
  void* context;
  int (*family)(void* context, toolvitals_text name, toolvitals_text help, toolvitals_type type);
  int (*series)(void* context, const toolvitals_series* series);
} toolvitals_visitor;

/* Who has families to show. collect() is called by one native thread at a time, without the GIL; it tells the visitor
 * and returns zero. Another value says that it failed: then nothing is shown, and the failure is counted in
 * toolvitals_collector_failures_total{collector="native"}. It must not throw. release() may be a null pointer; it is
 * called once, when the source was removed or the API cannot take it. */
typedef struct toolvitals_source {
  void* context;
  int (*collect)(void* context, const toolvitals_visitor* visitor);
  void (*release)(void* context);
} toolvitals_source;

typedef struct toolvitals_api {
  uint32_t version; /* TOOLVITALS_API_VERSION */

  /* From here on the endpoints show what the source has, behind toolvitals' own families; names that are taken there
   * are left out. The number of the source, which is never zero; zero where memory is short. */
  uint64_t (*add_source)(const toolvitals_source* source);
  /* When it returns, the source is not being collected and will not be again. Not from within collect(). */
  void (*remove_source)(uint64_t source);

  /* Tells the visitor of all that toolvitals has: tools, caches, instruments, the process, toolvitals itself, and, when
   * `with_sources` is not zero, what sources gave. Zero, or what the visitor returned to end the visit. */
  int (*collect)(const toolvitals_visitor* visitor, int with_sources);
} toolvitals_api;

#ifdef __cplusplus
}
#endif
