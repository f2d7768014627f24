// What the scalar attention files share.

#ifndef LW_SCALAR_ATTENTION_H
#define LW_SCALAR_ATTENTION_H

#include "../cache_page.h"
#include "scalar.h"

/// Turns the scores of a page into weights, of which the first `seen` count, updates the line's greatest score and
/// total, and returns the factor that its sums so far must be corrected by.
float lw_scalar_weigh(const lw_attention_line *line, size_t length, size_t seen, float scores[LW_PAGE_LENGTH]);

#endif
