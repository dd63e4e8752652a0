/** Messages for keys that cannot act on a comment. */
import { type Card, can } from './cards'
import { say } from './words'

/** Returns why the user cannot reply to a comment. */
export function noReply(card: Card): string {
  return say(card.dataset.state === 'pending' ? 'cannot.reply.waiting' : 'cannot.reply')
}

/** Returns why a decision is not available. A refuse button shows that the user may decide. */
export function noDecision(card: Card): string {
  if (card.dataset.state === 'removed') return say('cannot.removed')
  if ('ownAppeal' in card.dataset) return say('cannot.appeal')
  return say(can(card, 'reject') || card.querySelector('.refuse') ? 'cannot.already' : 'cannot.decide')
}
