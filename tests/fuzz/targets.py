"""All targets of the campaign, by name."""

from fuzz import photo_targets

TARGETS = {
    target.name: target
    for module in (photo_targets,)
    for target in module.targets()
}
