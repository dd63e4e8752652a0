// Package hardening prints figures: how often something hostile was tried, what the goal allows, what
// came. It is run by `make hardening`, and stands on real parts: the built binary, SQLite, Postgres.
//
// A figure holds only where as much was tried as its goal asks for. Where less was tried, and nothing
// failed, it holds in part, and says what is missing. What nobody measures yet is said to be so: the table
// has a line for each figure that the run must not break.
//
// To add a figure, write a function of (testing.TB, bench) that returns a result, in the file of its
// group, and name it on its line in `figures`, in place of why it is not measured. Figures that tests of the
// rooms prove already stand in tests_test.go. Whatever would be green if nothing happened tries a positive
// control first, and ends by t.Fatal when that fails.
//
// What honest people wait beside others' floods is compared in turns with quiet: the flood is a process of its own, at
// the lowest priority (generator_test.go), for strangers have processors of their own. It is what the service does for
// them that counts, and not what a generator takes from it: one that is not niced, on the same two cores, makes
// everybody wait many times as long, whatever the service does. Statements are counted in a binary that tells of them
// (statements_test.go).
//
// What measures no time is measured first, by two processes side by side, and the rest alone.
//
// FIGURES=9,46 in the environment measures these alone.
//
// Hostile input lies beside the project, in ../shared, and is no part of it. Without it the figures that
// read it are not measured.
package hardening
