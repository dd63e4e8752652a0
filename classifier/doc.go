// Package classifier estimates from a comment's text, and its author's own fields, how likely a moderator will mark it
// as spam, and says which words the estimate rests on. One Model belongs to one site.
//
// The package is pure: no I/O, no clock, no goroutines. Package moderation turns its estimates into decisions. A Model
// is the fold of a site's lessons (decisions of moderators, and texts they taught) in order of Lesson.Seq. Equal
// lessons make equal snapshots (Model.Bytes) on one processor architecture.
//
// # Tokens
//
// Read normalises the text (markup, entities, NFKC, invisible characters, look-alike letters, spaced letters) and
// returns a set of distinct tokens t: words, pairs of words, the first word, words in capitals, overlapping 4-grams of
// characters, domains, top-level domains, the author's name, mail domain and website, and traits of shape such as
// "links=2". A token counts once, however often it occurs. Per-site token statistics come from Graham (2002); binary
// 4-grams in vectors of unit length from Sculley and Wachman (2007).
//
// # Data flow
//
//	comment ─ Read ─ tokens ─┬─ multinomial naive Bayes, all lessons ─┐
//	                         ├─ naive Bayes, hard lessons ────────────┼─ stack ─ Platt ─ bounds ─ Spam
//	                         └─ logistic regression ──────────────────┘
//
// # Heads
//
// There is a head for spam and one for each reason (hate speech, obscenity, personal attack). A head separates its
// label (y = 1) from ham (y = 0). A lesson of a label trains the head of that label; a lesson of ham trains spam's head
// and the heads of all reasons taught so far. A head is warm once its label and ham were taught. Reasons have two
// scores, without the first. σ(z) = 1/(1+e⁻ᶻ), all logits are in nats. vₜ is the weight of a token and p a power, see
// Constants. The weights w and all sums of squares G start at 0.
//
// Multinomial naive Bayes (bayes.go; McCallum and Nigam, 1998). cₜₗ is the number of lessons of label l with token t,
// without near-duplicates; Tₗ = Σ cₜₗ. Pairs and 4-grams have no term here and are not in Tₗ, because they repeat
// words. V is the number of distinct tokens of all labels, with pairs and without 4-grams.
//
//	P(t|l) = (20·cₜₗ + 1)/(20·Tₗ + V)                         a pseudocount of 1/20
//	multinomial = Σ vₜ·[ln P(t|spam) − ln P(t|ham)] / K^p,  K = Σ vₜ over the terms that are not 0
//
// jbrukh/bayesian computes ln P(t|l), see counts.logRatio. There is no class prior. The score is 0 until spam and ham
// have counts. Evidence uses the same counts, pairs included, in the formula of ratio(t) below.
//
// Naive Bayes over hard lessons (combine.go, table/odds.go). A lesson is hard if |σ(whole) − y| > nearError for a head
// that it trains, or if that head is not warm; whole is defined under Stacking. This is "train on or near error", the
// "thick threshold" of Siefkes et al. (2004). yₜ and nₜ are the hard lessons of the label and of ham with token t, Y
// and N the hard lessons of the label and of ham, c = yₜ+nₜ. All heads share the hard lessons of ham:
//
//	ratio(t) = [ln((yₜ+a)/(Y+2a)) − ln((nₜ+b)/(N+2b))] · c/(c+s)
//	bayes    = Σ vₜ·ratio(t) / K^p,  K = Σ vₜ over the tokens with c > 0
//
// a = b = the pseudocount. For a class with a share q < 0.1 of Y+N it is multiplied by max(2⁻¹⁰, q/0.1), rounded to a
// power of 2^¼ (Frank and Bouckaert, 2006). c/(c+s) shrinks rare tokens towards no evidence, as Robinson (2003) does
// with probabilities. p < 1 keeps long comments from being certain, since their tokens are not independent.
//
// Logistic regression (logistic.go). xₜ is a constant per kind of token (featureValue), ‖x‖² = Σ xₜ² over all tokens of
// the comment. r is defined under Order of decisions:
//
//	regression = Σ wₜ·xₜ/‖x‖
//	g = r·(σ(regression) − y)·xₜ/‖x‖,  Gₜ += g²,  wₜ −= 0.4·g/√(Gₜ+10⁻⁸)
//
// That is one online gradient step per lesson (Goodman and Yih, 2006) with AdaGrad's rate per weight (Duchi, Hazan and
// Singer, 2011). An admission limit bounds the new tokens per lesson, see admitTokens.
//
// Stacking (combine.go). A second logistic regression joins the scores zᵢ, as in stacked generalization (Wolpert, 1992)
// and filter fusion (Lynam, Cormack and Cheriton, 2006). z₁ is multinomial, z₂ bayes, z₃ regression. The stack learns
// from scores computed before the lesson was learned. W starts at (0.2, 0.4, 0.4, 0), for reasons at (0, 0.5, 0.5, 0):
//
//	in = (z₁/max(S₁, 0.2), z₂/max(S₂, 0.2), z₃/max(S₃, 0.2), 1),  Sᵢ += (|zᵢ| − Sᵢ)/min(k, 1000) in its kth lesson
//	stack = W·in;  g = r·(σ(stack) − y)·in,  Gᵢ += g²,  Wᵢ −= 0.13·g/√(Gᵢ+10⁻⁸),  W₁, W₂, W₃ ≥ 0
//	whole = stack·K/(K+2) + prior·4/(4+n)      for spam, with the K of bayes;   whole = stack   for reasons
//
// A lesson updates S before it computes in. A score whose Sᵢ is still 0 is not divided. prior is a fixed estimate from
// the comment's shape, see shape.prior. n is the smaller of the numbers of spam and ham lessons of this site, without
// near-duplicates that taught nothing. So a young model relies on shape and a trained one on its lessons.
//
// Excerpts. Spam may hide in a good comment. An excerpt is the worst excerptShare of the words of a 24-word stretch.
// Its logit is the stack's, without the factor K/(K+2) and prior. In a comment of more than 12 words, excerpt is the
// highest of these logits (worstExcerpt), and excerpt′ = A·excerpt + B is that of a calibrator for excerpts:
//
//	Logit = max(whole, excerpt′ − 0.4);   Logit = whole   for shorter comments
//
// Calibration (calibrate.go). A calibrator is Platt scaling (Platt, 1999) trained online, see calibrator for its steps.
// Spam = σ(z′) is computed from Logit in three steps:
//
//	z′ = A·Logit + B
//	z′ = m·tanh(z′/m),  m = 1.5·ln(1+n)                capConfidence, if z′ > 0; 0 if n = 0
//	z′ = max(min(z′, −0.5), z′ − 6.3·UnknownLanguage)   discountLanguage
//
// A reason is σ((10·Logit + k·(A·Logit + B))/(10+k)), where k is the smaller of the numbers of lessons of the two
// classes that its warm head predicted.
//
// Order of decisions. r, from 0 to 1, scales every step of weights, stack and calibrators. q is the share of the other
// class among the head's lessons, and q′ its running share, over about fadeSpan lessons of that class:
//
//	r = min(1, fadeSlack·q′/q),  r = 1 until both classes have fadeAfter lessons
//
// So a run of lessons of one class fades. A moderator may mark all spam of a queue first, and pending good comments
// keep their scores.
//
// # Guards of a young model
//
//   - Until spam and ham were taught, Warm is false and Spam is exactly 0.5.
//   - Stack and calibrators learn only from lessons that a warm head predicted before. Until the spam head predicted
//     three lessons of the other class, (number of those)/3 replaces their r. With r < 1, W₁ to W₃ are first multiplied
//     by exp(−0.06·(1−r)·(σ(stack)−y)·Σ Wᵢinᵢ), i = 1 to 3, so that they grow while the scores agree with the labels.
//     Calibrated reports that the spam head predicted three lessons of both classes.
//   - capConfidence bounds the probability by the number of lessons; prior replaces missing lessons; Young tells the
//     caller not to act on the model alone. Lessons copied from another site count for none of the three.
//   - A near-duplicate (by MinHash, minhash.go) of an earlier lesson of the same label is not counted in cₜₗ. It
//     teaches the heads only while one of them is not warm or misjudges it by more than 0.05.
//
// # Constants
//
// Each was chosen on four public sets of comments and their mix, see docs/measurements.md.
//
//	constant             spam  reasons  reason
//	pseudocount a, b     0.2   0.5      with a much smaller one, a few wrong labels do more harm
//	shrinkage s          0.5   1        one lesson is half believed
//	power p              0.8   0.7      1 is overconfident about long texts, 0.5 ignores their length
//	weight v             1     1        of all tokens but the next two kinds
//	weight v, 4-gram     0.5   1        a 4-gram overlaps its neighbours and a word
//	weight v, website    16    16       a website adds no words, a link in the text about 16 tokens
//	nearError            0.02  0.02     0: copies outweigh all else; 0.1: little is learned
//	excerptShare         1/3   1/4      of the words of a stretch of 24
//	1/countScale         0.05  –        the pseudocount of multinomial naive Bayes, which has all lessons
//	fadeAfter            75    75       fewer: a site whose decisions came sorted learns only the first kind
//	fadeSpan, fadeSlack  8, 2  8, 2     lessons of a class in its running share; chance alone fades nothing
//	NearFrom             0.5   –        similarity of near-duplicates; 0.4 joins more short good comments
//	longFrom             0.35  –        from 60 letters on; 0.45 misses reworded copies, unrelated texts are below 0.25
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
