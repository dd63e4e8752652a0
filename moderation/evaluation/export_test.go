package evaluation

// FlowOf is flowOf, for tests.
var FlowOf = flowOf
