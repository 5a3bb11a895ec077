package procfs

import (
	"cmp"
	"slices"
	"strings"
)

// Dirents names what lies in a directory in the order in which the kernel
// tells it to a program that does not sort: in /sys by the names' hashes
// (kernfs_fop_readdir, fs/kernfs/dir.c), elsewhere by name.
func (fs *FS) Dirents(path string) ([]string, error) {
	names, err := fs.List(path)
	if err != nil || !strings.HasPrefix(path, "/sys/") {
		return names, err
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(kernfsHash(a), kernfsHash(b)) })
	return names, nil
}

// kernfsHash models kernfs_name_hash over full_name_hash (fs/namei.c,
// include/linux/stringhash.h, hash.h): one step for each character, then the
// high half of a product.
func kernfsHash(name string) uint32 {
	const goldenRatio = 0x61c8_8646_80b5_83eb
	var h uint64
	for _, c := range []byte(name) {
		h = (h + uint64(c)<<4 + uint64(c)>>4) * 11
	}
	return uint32(h*goldenRatio>>32) & 0x7fff_ffff
}
