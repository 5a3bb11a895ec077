package oops

// What the kernel calls itself in its reports (init_utsname).
const (
	Release = "6.1.0-56-amd64"
	Version = "#1  Debian 6.1.192-2" // LINUX_PACKAGE_ID brings a space of its own
	Tainted = "Not tainted"          // print_tainted
)

// Ident models print_kernel_ident (kernel/locking/lockdep.c): the second line
// of a lock report.
const Ident = Release + " #1 " + Tainted
