/** Decides which events of the widget's fields reach the page. Bundled with each part that has fields. */

/**
 * Reports whether an event of a field passes to the page: Escape, function keys, modifiers, and chords that do not edit
 * text, unless an input method is composing. Dropped files pass too, since a page may handle them itself.
 */
export function passes(event: Event): boolean {
  const { key, code, ctrlKey, altKey, metaKey, isComposing } = event as KeyboardEvent
  if (isComposing) return false
  if (/^(Escape|F\d+|Alt|Control|Meta|Shift)$/.test(key)) return true
  // Windows reports AltGr, which types, as Ctrl and Alt. The code covers editing chords of other layouts.
  if (metaKey || (ctrlKey && !altKey)) return key.length === 1 && !/^[acvxyz]|Key[ACVXYZ]$/i.test(key + code)
  return !!(event as DragEvent).dataTransfer?.types.includes('Files')
}
