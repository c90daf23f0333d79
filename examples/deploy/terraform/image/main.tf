# lambdakit image examples/s3_thumbnail/app.py:handler --python 3.13 --arch arm64 --tag ACCOUNT.dkr.ecr.REGION.amazonaws.com/thumbnail:1
# docker push ACCOUNT.dkr.ecr.REGION.amazonaws.com/thumbnail:1      (or podman push, buildah push)
# terraform -chdir=examples/deploy/terraform/image apply -var role_arn=ARN -var image_uri=ACCOUNT.dkr.ecr...

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "role_arn" {
  type        = string
  description = "The function's execution role"
}

variable "image_uri" {
  type        = string
  description = "The image in the account's registry, best with its digest (name@sha256:...)"
}

resource "aws_lambda_function" "thumbnail" {
  function_name = "thumbnail"
  role          = var.role_arn
  package_type  = "Image"
  image_uri     = var.image_uri
  architectures = ["arm64"]
  memory_size   = 512
  timeout       = 30

  # The image names its handler itself; this is how one image serves several functions.
  image_config {
    command = ["app.handler"]
  }

  environment {
    variables = {
      PHOTO_STORE = "s3"
    }
  }
}
