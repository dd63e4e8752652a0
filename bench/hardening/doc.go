// Package hardening measures how the service withstands attacks and faults. It prints a table of figures: the number of
// tries, the goal and the result. `make hardening` runs it against real parts: the built binary, SQLite and Postgres.
//
// A figure holds only if as much was tried as its goal requires. If less was tried without a failure, it holds in part,
// and the table says what is missing. Figures that are not measured yet have a line too.
//
// To add a figure, write a function of (testing.TB, bench) that returns a result, in the file of its group, and name it
// in the figure's line of `figures`. tests_test.go has the figures that tests of other packages prove. A figure that
// would pass if its attack did not run at all checks a positive control first, and calls t.Fatal if that fails.
//
// The effect of a flood on honest users is measured in turns: flood, quiet. The flood is a process of its own with the
// lowest priority (generator_test.go), because real attackers use CPUs of their own. Without nice, the generator would
// take the two cores from the service, and every request would be many times slower whatever the service does. SQL
// statements are counted in a binary that logs them (statements_test.go).
//
// Figures that measure no time run first, in two concurrent processes. The others run alone.
//
// FIGURES=9,46 in the environment measures only these figures.
//
// Hostile input is in ../shared, which is not part of the project. Figures that need it are not measured without it.
package hardening
