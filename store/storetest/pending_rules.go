package storetest

var transactionRules, siteRules, threadRules, queueRules, logRules, eventRules, keyRules, peopleRules, tenantRules []rule
