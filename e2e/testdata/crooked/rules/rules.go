// Package rules is in no plan.
package rules
