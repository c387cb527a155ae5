# Storage and load balancers are run on the control plane; workers get what every machine needs.
locals {
  every_machine = ["AmazonSSMManagedInstanceCore", "AmazonEC2ContainerRegistryReadOnly"]

  policies = {
    "control-plane" = concat(local.every_machine, [
      "service-role/AmazonEBSCSIDriverPolicy",
      "ElasticLoadBalancingFullAccess",
      "AmazonEC2ReadOnlyAccess",
    ])
    "worker" = local.every_machine
  }

  attachments = merge([
    for role, names in local.policies : { for name in names : "${role}/${name}" => { role = role, name = name } }
  ]...)
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "machine" {
  for_each = local.policies

  name               = "${var.cluster_name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json

  tags = { "clouder-role" = each.key }
}

resource "aws_iam_role_policy_attachment" "machine" {
  for_each = local.attachments

  role       = aws_iam_role.machine[each.value.role].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value.name}"
}

resource "aws_iam_instance_profile" "machine" {
  for_each = local.policies

  name = "${var.cluster_name}-${each.key}"
  role = aws_iam_role.machine[each.key].name

  tags = { "clouder-role" = each.key }
}
