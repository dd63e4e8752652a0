// Package classifier estimates from a comment's text, and its author's own fields, how likely a moderator will mark it
// as spam, and says which words the estimate rests on. One Model belongs to one site.
//
// The package is pure: no I/O, no clock, no goroutines. It decides nothing; package moderation does. A Model is the
// fold of a site's lessons (decisions of moderators, and texts they taught) in order of Seq. Equal lessons make equal
// bytes.
//
// # Tokens
//
// Read normalises the text (markup, entities, NFKC, invisible characters, look-alike letters, spaced letters) and
// returns a set of distinct tokens t: words, pairs of words, the first word, words in capitals, overlapping 4-grams of
// characters, domains, the author's name, mail domain and website, and traits of shape such as "links=2". A token counts
// once, however often it occurs. Per-site token statistics come from Graham (2002); binary 4-grams in vectors of unit
// length from Sculley and Wachman (2007).
//
// # Data flow
//
//	comment ─ Read ─ tokens ─┬─ multinomial naive Bayes, all lessons (jbrukh/bayesian) ─┐
//	                         ├─ naive Bayes, hard lessons ─────────────────────────────┼─ stack ─ Platt ─ bounds ─ Spam
//	                         └─ logistic regression ───────────────────────────────────┘
//
// # Heads
//
// There is a head for spam and one for each reason (hate speech, obscenity, personal attack). A head separates its
// label (y = 1) from ham (y = 0). A lesson of a label trains the head of that label; a lesson of ham trains spam's head
// and the heads of all reasons taught so far. σ(z) = 1/(1+e⁻ᶻ), all logits are in nats. Reasons have two scores, without
// the first.
//
// Multinomial naive Bayes (bayes.go). cₜₗ is the number of lessons of label l with token t, without near-duplicates;
// Tₗ = Σ cₜₗ; V is the number of tokens. Pairs and 4-grams are left out, because they repeat words.
//
//	P(t|l) = (20·cₜₗ + 1)/(20·Tₗ + V)                         a pseudocount of 1/20
//	multinomial = Σ vₜ·[ln P(t|spam) − ln P(t|ham)] / K^p,  K = Σ vₜ over the tokens with a count
//
// jbrukh/bayesian computes ln P(t|l), see counts.logRatio. There is no class prior. The same counts are shown as
// evidence.
//
// Naive Bayes over hard lessons (combine.go, table/odds.go). A lesson is hard if |σ(whole) − y| > nearError for a head
// that it trains, or if that head is not warm: train on or near error, the "thick threshold" of Siefkes et al. (2004).
// yₜ and nₜ are the hard lessons of the label and of ham with token t, Y and N all hard lessons, c = yₜ+nₜ:
//
//	ratio(t) = [ln((yₜ+a)/(Y+2a)) − ln((nₜ+b)/(N+2b))] · c/(c+s)
//	bayes    = Σ vₜ·ratio(t) / K^p
//
// a = b = the pseudocount, but for a class with a share q < 0.1 of the lessons it is multiplied by q/0.1, in steps of
// 2^¼ and at least by 2⁻¹⁰ (Frank and Bouckaert, 2006). c/(c+s) shrinks rare tokens towards no evidence, as Robinson
// (2003) does with probabilities. p < 1 keeps long comments from being certain, since their tokens are not independent.
//
// Logistic regression (logistic.go). xₜ is a constant per kind (featureValue), ‖x‖² = Σ xₜ² over all tokens:
//
//	regression = Σ wₜ·xₜ/‖x‖
//	g = r·(σ(regression) − y)·xₜ/‖x‖,  Gₜ += g²,  wₜ −= 0.4·g/√(Gₜ+10⁻⁸)
//
// That is one online gradient step per lesson (Goodman and Yih, 2006) with AdaGrad's rate per weight (Duchi, Hazan and
// Singer, 2011). An admission limit bounds the new tokens per lesson, see admitTokens.
//
// Stacking (combine.go). A second logistic regression joins the scores zᵢ, as in stacked generalization (Wolpert, 1992)
// and filter fusion (Lynam, Cormack and Cheriton, 2006). It learns from scores computed before the lesson was learned:
//
//	in = (z₁/max(S₁, 0.2), z₂/max(S₂, 0.2), z₃/max(S₃, 0.2), 1),  Sᵢ = mean of |zᵢ| over the last ~1000 lessons
//	stack = W·in;  g = r·(σ(stack) − y)·in,  Gᵢ += g²,  Wᵢ −= 0.13·g/√(Gᵢ+10⁻⁸),  W₁, W₂, W₃ ≥ 0
//	whole = stack·K/(K+2) + prior·4/(4+n)      for spam, K of the hard lessons;   whole = stack   for reasons
//
// prior is a fixed estimate from the comment's shape, see shape.prior. n is the smaller of the numbers of spam and ham
// lessons of this site. So a young model relies on shape and a trained one on its lessons.
//
// Excerpts. Spam may hide in a good comment. A comment of more than 12 words also gets the worst excerpt, see
// worstExcerpt, with a calibrator of its own: Logit = max(whole, excerpt′ − 0.75).
//
// Calibration (calibrate.go). A calibrator is Platt scaling (Platt, 1999) trained online: z′ = A·z + B. Spam is made of
// Logit in three steps: z′ = calibrator(Logit); then capConfidence, for z′ > 0: m·tanh(z′/m) with m = 1.5·ln(1+n); then
// discountLanguage, which lowers z′ by up to 6.3 for a language in which the site has no ham, not below −0.5.
// Spam = σ(z′). A reason is σ of its calibrated logit.
//
// Order of decisions. r scales every step of weights, stack and calibrators, from 0 to 1. In a run of lessons of one
// class it is the recent share of the other class in relation to its usual share, see fade. So a moderator may mark all
// spam of a queue first, and the good comments that wait keep their scores.
//
// # Guards of a young model
//
//   - Until spam and ham were taught, Warm is false and Spam is exactly 0.5.
//   - Stack and calibrators learn only from lessons that a warm head predicted before. Until the spam head predicted
//     three lessons of the other class, their r is (number of those)/3. With r < 1 the stack's W are first multiplied by
//     exp(−0.06·(1−r)·(σ(stack)−y)·Σ Wᵢinᵢ), so that scores which agree with the labels grow anyway. Calibrated reports
//     that both classes have three.
//   - capConfidence bounds the probability by the number of lessons; prior replaces missing lessons; Young tells the
//     caller not to act on the model alone. Lessons copied from another site count for neither.
//   - A near-duplicate of an earlier lesson of the same label teaches only while it is misjudged by more than 0.05.
//
// # Constants
//
// Each was chosen on five public sets of comments (docs/measurements.md) and is not critical: half or double of it
// changes the error by a few percent.
//
//	constant             spam  reasons  reason
//	pseudocount a, b     0.2   0.5      with a much smaller one, a few wrong labels do more harm
//	shrinkage s          0.5   1        one lesson is half believed
//	power p              0.8   0.7      1 is sure of long texts, 0.5 ignores their length
//	weight v, 4-gram     0.5   1        a 4-gram overlaps its neighbours and a word
//	weight v, website    16    16       a website adds no words, a link in the text about 16 tokens
//	nearError            0.02  0.02     0: copies outweigh all else; 0.1: little is learned
//	excerptShare         1/3   1/4      of the words of a stretch of 24
//	pseudocount          0.05  –        of multinomial naive Bayes, which has all lessons
//	fadeAfter            75    75       fewer: a site whose decisions came sorted learns only the first kind
//	fadeSpan, fadeSlack  8, 2  8, 2     lessons of a class in its running share; chance alone fades nothing
//
// # Sources
//
//   - P. Graham, A Plan for Spam, 2002.
//   - A. McCallum and K. Nigam, A Comparison of Event Models for Naive Bayes Text Classification, AAAI-98 Workshop.
//   - G. Robinson, A Statistical Approach to the Spam Problem, Linux Journal 107, 2003.
//   - E. Frank and R. Bouckaert, Naive Bayes for Text Classification with Unbalanced Classes, PKDD 2006.
//   - C. Siefkes, F. Assis, S. Chhabra and W. Yerazunis, Combining Winnow and Orthogonal Sparse Bigrams for Incremental
//     Spam Filtering, PKDD 2004.
//   - D. Sculley and G. Wachman, Relaxed Online SVMs for Spam Filtering, SIGIR 2007.
//   - J. Goodman and W. Yih, Online Discriminative Spam Filter Training, CEAS 2006.
//   - J. Duchi, E. Hazan and Y. Singer, Adaptive Subgradient Methods, JMLR 12, 2011.
//   - D. Wolpert, Stacked Generalization, Neural Networks 5, 1992.
//   - T. Lynam, G. Cormack and D. Cheriton, On-line Spam Filter Fusion, SIGIR 2006.
//   - J. Platt, Probabilistic Outputs for Support Vector Machines, 1999.
//   - G. Cormack and T. Lynam, TREC 2005 Spam Track Overview: the protocol by which docs/measurements.md measures the
//     package, score first and then learn, and its (1-ROCA)%.
package classifier
