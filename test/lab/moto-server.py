"""moto's server, whose resets are quick.

At every reset, moto reads AWS' 1500 managed policies anew, for each of six partitions: more than a
second. Nobody can change them; only how often they are attached has to be forgotten.
"""

from moto.iam.models import IAMBackend
from moto.server import main

read = IAMBackend._init_aws_policies
known = {}


def once(backend):
    place = (backend.account_id, backend.region_name)
    if place not in known:
        known[place] = read(backend)
    for policy in known[place]:
        policy.attachment_count = 0
    return list(known[place])


IAMBackend._init_aws_policies = once
main()
