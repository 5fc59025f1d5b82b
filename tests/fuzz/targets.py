"""All targets of the campaign, by name."""

from fuzz import command_targets, data_targets, model_targets, photo_targets

TARGETS = {
    target.name: target
    for module in (photo_targets, model_targets, data_targets, command_targets)
    for target in module.targets()
}
