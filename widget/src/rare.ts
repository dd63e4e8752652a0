/** Code blocks and withheld comments, which few threads have. Loaded if a thread has one. */

import { watch } from './code'
import type { Stage } from './stage'
import { showNotices } from './withheld'

/** Completes a thread after it was drawn. Home is the service's address if a copy is shown. */
export function drawn(stage: Stage, home?: string) {
  watch(stage)
  showNotices(stage, home)
}
