package procfs

import (
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
)

// sysModules lists /sys/module: the loaded modules (mod_sysfs_setup,
// kernel/module/sysfs.c).
func (fs *FS) sysModules() []node {
	var list []node
	for _, mod := range fs.m.Loaded() {
		list = append(list, sealed(mod.Name, func() []node { return fs.parameters(mod) }))
	}
	return list
}

// parameters lists a module's directory (module_param_sysfs_setup,
// kernel/params.c).
func (fs *FS) parameters(mod machine.Module) []node {
	if len(mod.Params) == 0 {
		return nil
	}
	return []node{sealed("parameters", func() []node {
		var list []node
		for _, f := range mod.Params {
			n := fs.moduleFile(f)
			if n.name = f.Name; n.read == nil { // param_attr_show
				n.read = func() (string, error) { return "", errno.EPERM }
			}
			list = append(list, n)
		}
		return list
	})}
}
