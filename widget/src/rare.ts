/** What few threads have: blocks of code, and comments that are withheld. Loaded where there is one. */

import { watch } from './code'
import type { Stage } from './stage'
import { tell } from './withheld'

/** Does to a thread that was drawn what these need; home is the service's address, where a copy is shown. */
export function drawn(stage: Stage, home?: string) {
  watch(stage)
  tell(stage, home)
}
