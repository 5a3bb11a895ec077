// Package errno models the error numbers that the kernel's functions return
// (include/uapi/asm-generic/errno-base.h, errno.h).
package errno

// An Errno is an error of a kernel function: its name and its message, as
// strerror prints it.
type Errno struct {
	Name string
	Text string
	N    int
}

// Error prints the message and the name, as the shell shows it.
func (e *Errno) Error() string { return e.Text + " (" + e.Name + ")" }

// The errors that the modelled parts return.
var (
	EPERM      = &Errno{"EPERM", "Operation not permitted", 1}
	ENOENT     = &Errno{"ENOENT", "No such file or directory", 2}
	ESRCH      = &Errno{"ESRCH", "No such process", 3}
	EIO        = &Errno{"EIO", "Input/output error", 5}
	ENXIO      = &Errno{"ENXIO", "No such device or address", 6}
	E2BIG      = &Errno{"E2BIG", "Argument list too long", 7}
	EBADF      = &Errno{"EBADF", "Bad file descriptor", 9}
	EAGAIN     = &Errno{"EAGAIN", "Resource temporarily unavailable", 11}
	ENOMEM     = &Errno{"ENOMEM", "Cannot allocate memory", 12}
	EACCES     = &Errno{"EACCES", "Permission denied", 13}
	EBUSY      = &Errno{"EBUSY", "Device or resource busy", 16}
	EEXIST     = &Errno{"EEXIST", "File exists", 17}
	ENODEV     = &Errno{"ENODEV", "No such device", 19}
	ENOTDIR    = &Errno{"ENOTDIR", "Not a directory", 20}
	EISDIR     = &Errno{"EISDIR", "Is a directory", 21}
	EINVAL     = &Errno{"EINVAL", "Invalid argument", 22}
	ENOSPC     = &Errno{"ENOSPC", "No space left on device", 28}
	ERANGE     = &Errno{"ERANGE", "Numerical result out of range", 34}
	ENOSYS     = &Errno{"ENOSYS", "Function not implemented", 38}
	EOVERFLOW  = &Errno{"EOVERFLOW", "Value too large for defined data type", 75}
	EOPNOTSUPP = &Errno{"EOPNOTSUPP", "Operation not supported", 95}
	ENOTCONN   = &Errno{"ENOTCONN", "Transport endpoint is not connected", 107}
)
