// Package procfs is the machine's /proc, /sys and tracefs (fs/proc,
// drivers/base, kernel/trace): text made of the kernel's own state when it is
// read, and text handed to the kernel's own functions when it is written.
// Nothing is kept here. What a build does not model has no file: a missing
// file is the honest answer, a file of zeros is not.
//
// Reading and writing cost no virtual time, with one exception: a module's
// file is read by a process that runs on the machine.
package procfs

import (
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
)

// An FS is the file system of one machine.
type FS struct {
	m  *machine.Machine
	on []int // where the process runs that reads and writes
}

// New returns the file system of m. It holds nothing of its own: two of one
// machine are the same.
func New(m *machine.Machine) *FS { return &FS{m, []int{0}} }

// On is the file system as a process sees it that may run on some CPUs only,
// which matters for the files of modules: the process calls the module.
func (fs *FS) On(cpus []int) *FS { return &FS{fs.m, cpus} }

// A node is a file or a directory, as it is now.
type node struct {
	name   string
	list   func() []node // of a directory
	read   func() (string, error)
	write  func(text string, appendTo bool) error
	refuse error // what a write gets where write is nil
	absent error // of a directory: what a write to a missing name gets
}

func dir(name string, list func() []node) node {
	return node{name: name, list: list, absent: errno.ENOENT}
}

// sealed is a directory in which the kernel lets nobody make files. /proc
// says of a missing name that it is missing even to who would make it.
func sealed(name string, list func() []node) node {
	return node{name: name, list: list, absent: errno.EACCES}
}

// show is a file under /proc without a write function (proc_reg_write).
func show(name string, text func() string) node {
	return node{name: name, refuse: errno.EIO, read: func() (string, error) { return text(), nil }}
}

// attr is a read-only attribute: it cannot be opened for writing, not even
// by root (kernfs_fop_open, sysctl_perm).
func attr(name string, text func() string) node {
	n := show(name, text)
	n.refuse = errno.EACCES
	return n
}

// setting is a file that is read and written.
func setting(name string, text func() string, write func(text string, appendTo bool) error) node {
	n := show(name, text)
	n.write = write
	return n
}

func (fs *FS) root() node {
	return sealed("", func() []node {
		return []node{dir("proc", fs.proc), sealed("sys", fs.sys)}
	})
}

// Read is what cat prints. Errors are *errno.Errno; what a module's file
// raises is passed on.
func (fs *FS) Read(path string) (string, error) {
	n, err := fs.find(path)
	switch {
	case err != nil:
		return "", err
	case n.list != nil:
		return "", errno.EISDIR
	case n.read == nil:
		return "", errno.EIO
	}
	return n.read()
}

// Write is what echo TEXT > PATH does, with appendTo what >> does. A write
// that fails has changed nothing.
func (fs *FS) Write(path string, data []byte, appendTo bool) error {
	n, err := fs.find(path)
	switch {
	case err == errno.ENOENT:
		return fs.missing(path)
	case err != nil:
		return err
	case n.list != nil:
		return errno.EISDIR
	case n.write == nil:
		return n.refuse
	}
	return n.write(string(data), appendTo)
}

// missing is what the shell's open(O_CREAT) gets for a name that is not there.
func (fs *FS) missing(path string) error {
	i := strings.LastIndexByte(path, '/')
	if path == "" || i == len(path)-1 {
		return errno.ENOENT
	}
	parent, err := fs.find(path[:i+1] + ".")
	if err != nil {
		return err
	}
	return parent.absent
}

// List names what lies in a directory, sorted; of a file it is the file's
// own path, as with ls.
func (fs *FS) List(path string) ([]string, error) {
	n, err := fs.find(path)
	if err != nil {
		return nil, err
	}
	if n.list == nil {
		return []string{path}, nil
	}
	var names []string
	for _, child := range n.list() {
		names = append(names, child.name)
	}
	slices.Sort(names)
	return names, nil
}

// find walks a path from the root (link_path_walk, fs/namei.c).
func (fs *FS) find(path string) (node, error) {
	if path == "" {
		return node{}, errno.ENOENT
	}
	way := []node{fs.root()}
	for name := range strings.SplitSeq(path, "/") {
		at := way[len(way)-1]
		if at.list == nil {
			return node{}, errno.ENOTDIR
		}
		switch name {
		case "", ".":
		case "..":
			way = way[:max(len(way)-1, 1)]
		default:
			child, ok := at.child(name)
			if !ok {
				return node{}, errno.ENOENT
			}
			way = append(way, child)
		}
	}
	return way[len(way)-1], nil
}

func (n node) child(name string) (node, bool) {
	for _, child := range n.list() {
		if child.name == name {
			return child, true
		}
	}
	return node{}, false
}

// boot is the processor through which the kernel's global state is found.
func (fs *FS) boot() *cpu.CPU { return fs.m.CPUs()[0] }

// known lists the processors that are up or were, whose counts the sums have.
func (fs *FS) known() []*cpu.CPU {
	var list []*cpu.CPU
	for _, p := range fs.m.CPUs() {
		if sched.Known(p) {
			list = append(list, p)
		}
	}
	return list
}

// online lists the processors that are up. A boot that failed early has none.
func (fs *FS) online() []*cpu.CPU {
	var list []*cpu.CPU
	for _, p := range fs.m.CPUs() {
		if sched.Online(p) {
			list = append(list, p)
		}
	}
	return list
}
